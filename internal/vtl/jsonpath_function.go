package vtl

import "fmt"

// callPath runs a function at the end of a JSON path, such as $.items.length().
func callPath(name string, value any) (any, error) {
	switch name {
	case "length", "size":
		switch v := value.(type) {
		case string:
			result, _, err := callTextPlain(v, "length")
			return result, err
		case *List:
			return int64(len(v.Items)), nil
		case *Map:
			return int64(len(v.keys)), nil
		}
		return nil, nil
	case "keys":
		if m, ok := value.(*Map); ok {
			keys, _ := callMapPlain(m, "keySet")
			list := keys.(*List)
			list.json = true
			return list, nil
		}
		return nil, nil
	case "min", "max", "sum", "avg":
		return aggregate(name, elements(value)), nil
	}
	return nil, fmt.Errorf("the function %s() is not supported", name)
}

// aggregate goes over the numbers of a list; without any there is nothing.
func aggregate(name string, items []any) any {
	var result, count float64
	for _, item := range items {
		n, ok := number(item)
		switch {
		case !ok:
			continue
		case count == 0:
			result = n
		case name == "min":
			result = min(result, n)
		case name == "max":
			result = max(result, n)
		default:
			result += n
		}
		count++
	}
	if count == 0 {
		return nil
	}
	if name == "avg" {
		result /= count
	}
	return result
}
