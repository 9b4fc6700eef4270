'use strict';
// The runtime of nodejs functions: it asks the Runtime API for events and gives them to the function's handler.
const fs = require('fs');
const net = require('net');
const path = require('path');
const { pathToFileURL } = require('url');
const { Writable } = require('stream');
const { format } = require('util');

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const base = '/2018-06-01/runtime/';

// One connection, one request at a time: all that the Runtime API needs, and less time than a client for everything.
class Connection {
  constructor() {
    this.pending = null;
    this.buffer = Buffer.alloc(0);
    this.head = null;
  }
  open() {
    if (this.socket) return;
    this.socket = net.connect({ host, port: Number(port), noDelay: true });
    this.socket.on('data', (data) => this.read(data));
    const gone = () => { this.socket = null; this.fail(new Error('the Runtime API hung up')); };
    this.socket.on('error', gone);
    this.socket.on('close', gone);
  }
  call(method, where, body, headers = {}) {
    return new Promise((resolve, reject) => {
      this.open();
      this.pending = { resolve, reject };
      this.socket.ref();
      let head = `${method} ${base}${where} HTTP/1.1\r\nHost: ${host}:${port}\r\n`;
      for (const name of Object.keys(headers)) head += `${name}: ${headers[name]}\r\n`;
      if (body === undefined) {
        this.socket.write(head + '\r\n');
        return;
      }
      const bytes = Buffer.from(body);
      if (!headers['Content-Type']) head += 'Content-Type: application/json\r\n';
      head += `Content-Length: ${bytes.length}\r\n\r\n`;
      this.socket.write(bytes.length < 65536 ? Buffer.concat([Buffer.from(head), bytes]) : (this.socket.write(head), bytes));
    });
  }
  // stream begins a request whose body is sent while it is made; the promise is the answer.
  stream(where, headers) {
    return new Promise((resolve, reject) => {
      this.open();
      this.pending = { resolve, reject };
      this.socket.ref();
      let head = `POST ${base}${where} HTTP/1.1\r\nHost: ${host}:${port}\r\nTransfer-Encoding: chunked\r\n`;
      for (const name of Object.keys(headers)) head += `${name}: ${headers[name]}\r\n`;
      this.socket.write(head + '\r\n');
    });
  }
  // piece sends a part of such a body, and calls done when there is room for more.
  piece(bytes, done) {
    if (!this.socket || !this.pending) return done(); // nobody takes it any more
    if (!bytes.length) return done();
    this.socket.write(`${bytes.length.toString(16)}\r\n`);
    this.socket.write(bytes);
    const room = this.socket.write('\r\n');
    if (room) return done();
    const socket = this.socket;
    const go = () => { socket.off('drain', go); socket.off('close', go); done(); };
    socket.on('drain', go);
    socket.on('close', go);
  }
  // end ends such a body; trailers tell of a failure.
  end(trailers = {}) {
    if (!this.socket || !this.pending) return;
    let text = '0\r\n';
    for (const name of Object.keys(trailers)) text += `${name}: ${trailers[name]}\r\n`;
    this.socket.write(text + '\r\n');
  }
  fail(error) {
    const pending = this.pending;
    this.pending = null;
    if (pending) pending.reject(error);
  }
  read(data) {
    this.buffer = this.buffer.length ? Buffer.concat([this.buffer, data]) : data;
    if (!this.head) {
      const end = this.buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const lines = this.buffer.toString('latin1', 0, end).split('\r\n');
      this.head = { status: Number(lines[0].split(' ')[1]), headers: {} };
      for (const line of lines.slice(1)) {
        const colon = line.indexOf(':');
        this.head.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      this.buffer = this.buffer.subarray(end + 4);
    }
    const length = Number(this.head.headers['content-length'] || 0);
    if (this.buffer.length < length) return;
    const answer = { ...this.head, body: this.buffer.toString('utf8', 0, length) };
    this.buffer = this.buffer.subarray(length);
    this.head = null;
    const pending = this.pending;
    this.pending = null;
    this.socket.unref();
    if (pending) pending.resolve(answer);
  }
}

const connection = new Connection();
let current = null; // the event in progress

// Output: a line per call, with the time, the request and the level, as on AWS.
for (const [method, level] of [['log', 'INFO'], ['info', 'INFO'], ['debug', 'DEBUG'], ['warn', 'WARN'], ['error', 'ERROR'], ['trace', 'TRACE']]) {
  console[method] = (...args) => {
    if (levels.indexOf(level) < least) return;
    if (json) printJSON(level, args);
    else print(level, format(...args));
  };
}
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const json = env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const least = json ? levels.indexOf(env.AWS_LAMBDA_LOG_LEVEL || 'INFO') : 0;
// printJSON writes an object per call: one argument as it is, several as the text that they make, an error taken apart.
function printJSON(level, args) {
  const line = { timestamp: new Date().toISOString(), level, requestId: current ? current.id : undefined };
  const error = args.find((arg) => arg instanceof Error);
  line.message = args.length === 1 && !error ? args[0] : format(...args);
  if (error) {
    const told = shape(error);
    Object.assign(line, { errorType: told.errorType, errorMessage: told.errorMessage, stackTrace: told.trace });
  }
  let text;
  try {
    text = JSON.stringify(line);
  } catch {
    text = JSON.stringify({ ...line, message: format(...args) });
  }
  write(text + '\n');
}
function print(level, text) {
  if (levels.indexOf(level) < least) return;
  if (json) {
    printJSON(level, [text]);
    return;
  }
  const id = current ? current.id : 'undefined';
  write(`${new Date().toISOString()}\t${id}\t${level}\t${text.replace(/\n/g, '\r')}\n`);
}
// What is printed is in the pipe before the answer is sent.
function write(text) {
  for (let bytes = Buffer.from(text); bytes.length;) {
    try {
      bytes = bytes.subarray(fs.writeSync(1, bytes));
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
    }
  }
}

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

function shape(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'message' in error && 'stack' in error)) {
    return { errorType: String(error.name), errorMessage: String(error.message), trace: String(error.stack || '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: error === undefined ? 'undefined' : typeof error === 'object' ? JSON.stringify(error) : String(error), trace: [] };
}

function isModule(file) {
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).type === 'module';
    } catch {
      if (dir === path.dirname(dir) || path.basename(dir) === 'node_modules') return false;
    }
  }
}

async function load(file) {
  const isFile = (name) => fs.existsSync(name) && fs.statSync(name).isFile();
  const imported = (name) => import(pathToFileURL(name).href);
  if (isFile(file)) return require(file);
  if (isFile(file + '.js')) return isModule(file + '.js') ? imported(file + '.js') : require(file + '.js');
  if (isFile(file + '.mjs')) return imported(file + '.mjs');
  if (isFile(file + '.cjs')) return require(file + '.cjs');
  const name = path.relative(env.LAMBDA_TASK_ROOT, file);
  return require(require.resolve(name, { paths: [env.LAMBDA_TASK_ROOT, ...(env.NODE_PATH || '').split(':')] }));
}

// A function that streams gets a stream to write to. What it writes is sent as it comes; the content type counts that is set before.
const streaming = Symbol('streaming');
const failureType = 'Lambda-Runtime-Function-Error-Type';
class ResponseStream extends Writable {
  constructor(id) {
    super();
    this.id = id;
    this.contentType = 'application/octet-stream';
    this.answered = null; // the Runtime API's answer, once something was sent
  }
  setContentType(type) { this.contentType = type; }
  begin() {
    if (this.answered) return;
    this.answered = connection.stream(`invocation/${this.id}/response`, {
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Content-Type': String(this.contentType).replace(/[\r\n]/g, ' '),
      Trailer: `${failureType}, Lambda-Runtime-Function-Error-Body`,
    });
    this.answered.catch(() => {});
  }
  _write(chunk, encoding, done) {
    this.begin();
    connection.piece(Buffer.from(chunk, encoding), done);
  }
  _final(done) {
    this.begin();
    connection.end();
    done();
  }
  // breakOff ends a stream whose function failed; it is false when nothing was sent.
  breakOff(told) {
    if (!this.answered) return false;
    if (!this.writableFinished) {
      connection.end({ [failureType]: told.errorType.replace(/[\r\n]/g, ' '), 'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(told)).toString('base64') });
      this.destroy();
    }
    return true;
  }
}
globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[streaming] = true;
    return handler;
  },
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.write(Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]));
      return stream;
    },
  },
};

// stream gives one event to a handler that streams; the promise is the stream, ended.
function stream(handler, event, context) {
  return new Promise((resolve, reject) => {
    const out = new ResponseStream(current.id);
    current.stream = out;
    out.on('error', reject);
    out.on('finish', () => resolve(out));
    try {
      Promise.resolve(handler(event, out, context)).catch(reject);
    } catch (error) {
      reject(error);
    }
  });
}

async function findHandler() {
  const text = env._HANDLER || '';
  const found = /^([^.]*)\.(.*)$/.exec(path.basename(text));
  if (!found || text.includes('..')) throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  let exported;
  try {
    exported = await load(path.resolve(env.LAMBDA_TASK_ROOT, path.dirname(text), found[1]));
  } catch (error) {
    if (error instanceof SyntaxError) throw Object.assign(new RuntimeError('Runtime.UserCodeSyntaxError', String(error)), { stack: error.stack });
    if (error && (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND')) throw Object.assign(new RuntimeError('Runtime.ImportModuleError', String(error)), { stack: error.stack });
    throw error;
  }
  const find = (from) => found[2].split('.').reduce((value, name) => (value === undefined || value === null ? value : value[name]), from);
  let handler = find(exported);
  if (handler === undefined && exported && exported.default) handler = find(exported.default);
  if (handler === undefined || handler === null) throw new RuntimeError('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
  if (typeof handler !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${text} is not a function`);
  return handler;
}

// run gives one event to the handler; the promise is its result.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const deadline = Number(headers['lambda-runtime-deadline-ms']);
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
      invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
      awsRequestId: headers['lambda-runtime-aws-request-id'],
      getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    };
    const client = headers['lambda-runtime-client-context'];
    if (client) context.clientContext = JSON.parse(client);
    const end = (settle, value) => {
      // With a callback the answer waits until nothing is left to do, unless the function says otherwise.
      if (context.callbackWaitsForEmptyEventLoop && current) current.whenIdle = () => settle(value);
      else settle(value);
    };
    const callback = (error, value) => {
      if (current) current.whenIdle = null;
      if (error !== undefined && error !== null) end(reject, error);
      else end(resolve, value);
    };
    context.done = callback;
    context.succeed = (value) => { context.callbackWaitsForEmptyEventLoop = false; callback(null, value); };
    context.fail = (error) => { context.callbackWaitsForEmptyEventLoop = false; callback(error === undefined || error === null ? 'handled' : error); };
    current.whenIdle = () => resolve(null);
    if (handler[streaming]) {
      stream(handler, event, context).then(resolve, reject);
      return;
    }
    let result;
    try {
      result = handler(event, context, callback);
    } catch (error) {
      reject(error);
      return;
    }
    if (result && typeof result.then === 'function') {
      result.then(resolve, reject);
    } else if (handler.length < 3 && result !== undefined) {
      resolve(result);
    }
  });
}

process.on('beforeExit', () => {
  const idle = current && current.whenIdle;
  if (!idle) return;
  current.whenIdle = null;
  idle();
});

async function die(error, kind) {
  const told = shape(error);
  if (kind) {
    told.errorType = kind;
    told.errorMessage = String(error);
  }
  print('ERROR', `${kind === 'Runtime.UnhandledPromiseRejection' ? 'Unhandled Promise Rejection' : 'Uncaught Exception'} \t${JSON.stringify(told)}`);
  const where = current ? `invocation/${current.id}/error` : 'init/error';
  const last = new Connection();
  await last.call('POST', where, JSON.stringify(told), { 'Lambda-Runtime-Function-Error-Type': told.errorType }).catch(() => {});
  process.exit(128 + 1);
}
process.on('uncaughtException', (error) => die(error));
process.on('unhandledRejection', (error) => die(error, 'Runtime.UnhandledPromiseRejection'));

async function main() {
  let handler;
  try {
    handler = await findHandler();
  } catch (error) {
    await die(error);
    return;
  }
  for (;;) {
    const next = await connection.call('GET', 'invocation/next');
    const id = next.headers['lambda-runtime-aws-request-id'];
    current = { id, whenIdle: null, stream: null };
    let body;
    try {
      const result = await run(handler, JSON.parse(next.body), next.headers);
      if (result instanceof ResponseStream) {
        current = null;
        await result.answered;
        continue;
      }
      body = JSON.stringify(result === undefined ? null : result);
      if (body === undefined) body = 'null';
    } catch (error) {
      const told = shape(error);
      print('ERROR', `Invoke Error \t${JSON.stringify({ errorType: told.errorType, errorMessage: told.errorMessage, stack: told.trace })}`);
      const begun = current && current.stream;
      current = null;
      if (begun && begun.breakOff(told)) {
        await begun.answered;
        continue;
      }
      await connection.call('POST', `invocation/${id}/error`, JSON.stringify(told), { 'Lambda-Runtime-Function-Error-Type': told.errorType });
      continue;
    }
    current = null;
    await connection.call('POST', `invocation/${id}/response`, body);
  }
}

main().catch(() => process.exit(1));
