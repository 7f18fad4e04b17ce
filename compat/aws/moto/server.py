"""Accounts on demand: one moto, made ready once, forked for each who asks.

    python server.py SOCKET

A connection to the Unix socket is an account: a child of this process, with its own HTTP server that has the
resources of `account.py` and what the connection's owner makes of them. It says one line of JSON, `{"port": ...,
"names": {...}}`, and then answers one line for each line that it gets:

    {"trace": true}                                                   the requests since the last time
    {"call": {"service": .., "operation": .., "arguments": ..}}       what boto3 gives; not in the trace

The account ends with its connection, and this process when nobody has had an account for a while.
"""

import base64
import contextlib
import gc
import io
import json
import logging
import os
import select
import signal
import socket
import sys
import threading
import traceback

# Seconds without an account after which the process ends.
IDLE = 20

# Read when moto is imported.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_ECS_SERVICE_RUNNING"] = "3"

import account as seed  # noqa: E402
import boto3  # noqa: E402
from moto.core.config import default_user_config as settings  # noqa: E402
from moto.moto_api._internal import mock_random  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server  # noqa: E402


class Quiet(MotoRequestHandler):
    def log(self, *arguments, **options):
        pass


class Traced:
    """moto's application, remembering what it is asked."""

    def __init__(self):
        self.app = DomainDispatcherApplication(create_backend_app)
        self.lock = threading.Lock()
        self.requests = []

    def take(self):
        with self.lock:
            taken, self.requests = self.requests, []
        return taken

    def __call__(self, environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "")
        body = environ["wsgi.input"].read(length) if length else environ["wsgi.input"].read() if chunked else b""
        environ["wsgi.input"] = io.BytesIO(body)
        if body and not length:
            environ["CONTENT_LENGTH"] = str(len(body))
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        request = {
            "method": environ["REQUEST_METHOD"],
            "target": environ.get("RAW_URI") or environ.get("REQUEST_URI"),
            "headers": headers,
            "body": base64.b64encode(body).decode(),
            "status": 500,
        }
        with self.lock:
            self.requests.append(request)

        def started(status, sent, exception=None):
            request["status"] = int(status.split()[0])
            return start_response(status, sent, exception) if exception else start_response(status, sent)

        return self.app(environ, started)


@contextlib.contextmanager
def serving(app):
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    path = sys.argv[1]
    # Nobody finds a socket that is not ready: it is moved into its place.
    listener = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    app = Traced()
    mock_random.seed(42)
    settings["lambda"]["use_docker"] = False
    with serving(app) as port:
        made = seed.build(f"http://127.0.0.1:{port}")
    app.take()
    # What only the making needed would be copied into every child.
    made.clients.clear()
    boto3.DEFAULT_SESSION = None
    gc.collect()
    gc.freeze()
    listener.bind(path + ".new")
    listener.listen(64)
    os.rename(path + ".new", path)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children = set()
    while children or select.select([listener], [], [], IDLE)[0]:
        if select.select([listener], [], [], 0.2)[0]:
            connection, _ = listener.accept()
            child = os.fork()
            if child == 0:
                listener.close()
                be_account(connection, app, made)
            children.add(child)
            connection.close()
        for child in list(children):
            if os.waitpid(child, os.WNOHANG)[0]:
                children.remove(child)
    os.unlink(path)


def be_account(connection, app, made):
    """Serves until the connection is closed; never returns."""
    code = 1
    try:
        with serving(app) as port:
            made.url, made.clients = f"http://127.0.0.1:{port}", {}
            seed.refresh(made)
            app.take()
            stream = connection.makefile("rw")
            say(stream, {"port": port, "names": made.names})
            for line in stream:
                say(stream, answer(json.loads(line), app, made))
        code = 0
    except (BrokenPipeError, ConnectionResetError):
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def answer(question, app, made):
    if "trace" in question:
        return app.take()
    call = question["call"]
    kept = app.take()
    client = made.client(call["service"], call.get("region") or seed.REGION)
    try:
        result = getattr(client, call["operation"])(**call.get("arguments", {}))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        app.take()
        app.requests = kept
    result.pop("ResponseMetadata", None)
    return {"result": result}


def say(stream, value):
    stream.write(json.dumps(value, default=str) + "\n")
    stream.flush()


main()
