"""The runtime of python functions: it asks the Runtime API for events and gives them to the function's handler."""

import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
import types

BASE = "/2018-06-01/runtime/"


class Context:
    """What a handler is told about its event."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = types.SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        client = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = json.loads(client, object_hook=lambda d: types.SimpleNamespace(**d)) if client else None

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


class RequestFilter(logging.Filter):
    """Gives log records the id of the request in progress."""

    request = ""

    def filter(self, record):
        record.aws_request_id = RequestFilter.request
        return True


class API:
    """The Runtime API over one connection."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(self, method, where, body=None, headers=None):
        self.connection.request(method, BASE + where, body=body, headers=headers or {})
        response = self.connection.getresponse()
        return response.headers, response.read()

    def fail(self, where, error):
        body = json.dumps(error).encode()
        self.call("POST", where, body, {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error["errorType"]})


class Refused(Exception):
    """An error that the runtime itself found."""

    def __init__(self, kind, message, frames=()):
        super().__init__(message)
        self.kind, self.message, self.frames = kind, message, list(frames)


def shape(error, request):
    if isinstance(error, Refused):
        kind, message, frames = error.kind, error.message, error.frames
    else:
        kind, message = type(error).__name__, str(error)
        frames = traceback.extract_tb(error.__traceback__)
        frames = traceback.format_list([f for f in frames if f.filename != __file__ and "importlib" not in f.filename])
    return {"errorMessage": message, "errorType": kind, "requestId": request, "stackTrace": frames}


def log_error(error):
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        line = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "log_level": "ERROR"}
        line.update({name: error[name] for name in ("errorMessage", "errorType", "requestId", "stackTrace") if name in error})
        print(json.dumps(line), flush=True)
        return
    lines = ["[ERROR] %s: %s" % (error["errorType"], error["errorMessage"])]
    if error["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        lines += [line.rstrip("\n").replace("\n", "\r") for line in error["stackTrace"]]
    print("\r".join(lines), flush=True)


def encode(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def find_handler():
    text = os.environ.get("_HANDLER", "")
    if "." not in text:
        raise Refused("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % text)
    name, _, function = text.rpartition(".")
    try:
        module = importlib.import_module(name.replace("/", "."))
    except ImportError as error:
        raise Refused("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (name, error)) from None
    except SyntaxError as error:
        where = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, (error.text or "").rstrip())]
        raise Refused("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (name, error), where) from None
    if not hasattr(module, function):
        raise Refused("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, name))
    return getattr(module, function)


class JSONFormatter(logging.Formatter):
    """Writes a record as an object, an error taken apart."""

    def format(self, record):
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            kind, value, trace = record.exc_info
            line["errorType"], line["errorMessage"] = kind.__name__, str(value)
            line["stackTrace"] = traceback.format_list(traceback.extract_tb(trace))
        if record.aws_request_id:
            line["requestId"] = record.aws_request_id
        return json.dumps(line, default=str) + "\n"


LEVELS = {"TRACE": logging.NOTSET, "DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING, "ERROR": logging.ERROR, "FATAL": logging.CRITICAL}


def set_up_logging():
    logging.Formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"))
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        handler.setFormatter(JSONFormatter())
        logging.getLogger().setLevel(LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO"), logging.INFO))
    handler.terminator = ""
    handler.addFilter(RequestFilter())
    logging.getLogger().addHandler(handler)


def main():
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    set_up_logging()
    api = API()
    try:
        handler = find_handler()
    except Exception as error:  # whatever the function's module raises
        told = shape(error, "")
        log_error(told)
        api.fail("init/error", told)
        sys.exit(1)
    while True:
        headers, body = api.call("GET", "invocation/next")
        request = headers["Lambda-Runtime-Aws-Request-Id"]
        RequestFilter.request = request
        try:
            result = handler(json.loads(body), Context(headers))
            try:
                answer = json.dumps(result, default=encode).encode()
            except (TypeError, ValueError) as error:
                raise Refused("Runtime.MarshalError", "Unable to marshal response: %s" % error) from None
        except Exception as error:
            told = shape(error, request)
            log_error(told)
            api.fail("invocation/%s/error" % request, told)
            continue
        sys.stdout.flush()
        api.call("POST", "invocation/%s/response" % request, answer, {"Content-Type": "application/json"})


main()
