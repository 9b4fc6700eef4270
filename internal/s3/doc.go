// Package s3 is Amazon S3 as far as tools that deploy applications use it: buckets, objects with versions, uploads in parts,
// and the settings of a bucket, which are kept and shown. It speaks REST-XML by hand, because S3 is like none of AWS's other
// protocols, and it keeps everything in the store, so that all nodes on one database see the same objects.
//
// It must not know who reads objects inside the program, nor which host names lead here: whoever routes a request says which
// bucket its host names.
package s3
