# SPDX-License-Identifier: Apache-2.0
"""A real Schema Registry on this machine, and what may stand before it.

The registry is Apicurio in memory, which speaks Confluent's API under /apis/ccompat/v7. It and its
own serialiser come through Maven once and stay in .cache/registry-<version>. Starting takes about
5 s and 250 MB; the process is ended by its id.
"""

import http.server
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request

from broker import ROOT, BrokerError, free_ports

VERSION = "2.6.13.Final"
API = "/apis/ccompat/v7"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
HERE = pathlib.Path(__file__).resolve().parent


def maven(*arguments):
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", str(HERE / "registry-pom.xml"), *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=600, check=False)
    if done.returncode != 0:
        raise BrokerError(f"Maven could not fetch the registry:\n{done.stdout[-3000:]}")


def fetch_registry():
    """Returns the folder with the registry in app/ and its serialiser in libs/."""
    home = ROOT / ".cache" / f"registry-{VERSION}"
    if home.is_dir():
        return home
    home.parent.mkdir(exist_ok=True)
    fresh = pathlib.Path(tempfile.mkdtemp(prefix=f"registry-{VERSION}.", dir=home.parent))
    try:
        maven("dependency:copy-dependencies", "-DincludeScope=runtime",
              f"-DoutputDirectory={fresh / 'libs'}")
        maven("dependency:copy", f"-DoutputDirectory={fresh}",
              f"-Dartifact=io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all")
        archive, = fresh.glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(fresh / "app")
        archive.unlink()
        fresh.rename(home)
    finally:
        if fresh.exists():
            shutil.rmtree(fresh)
    return home


class Registry:
    """A running registry: .url is Confluent's API of it, .own_url its own."""

    def __init__(self):
        home = fetch_registry()
        port, = free_ports(1)
        self.jars = home / "libs"
        self.port = port
        self.url = f"http://127.0.0.1:{port}{API}"
        self.own_url = f"http://127.0.0.1:{port}/apis/registry/v2"
        with tempfile.NamedTemporaryFile(prefix="touchgate-registry-", suffix=".log",
                                         delete=False) as log:
            self.log = pathlib.Path(log.name)
            runner, = (home / "app").glob("*-runner.jar")
            self.process = subprocess.Popen(
                ["java", "-Xmx300m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar",
                 str(runner)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "QUARKUS_HTTP_PORT": str(port),
                     "QUARKUS_HTTP_HOST": "127.0.0.1"})
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.ask("/subjects")
                return
            except OSError:
                time.sleep(0.2)
        tail = self.log.read_text(errors="replace")[-3000:]
        self.stop()
        raise BrokerError(f"The registry did not come up; its log ends:\n{tail}")

    def ask(self, path, body=None):
        """The JSON that Confluent's API answers to a GET, or to a POST of BODY."""
        request = urllib.request.Request(
            self.url + path, data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def client(self, *arguments, lines=""):
        """Runs RegistryClient.java; returns what it printed."""
        command, broker, *rest = arguments
        done = subprocess.run(
            ["java", "-Xmx300m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{self.jars}/*",
             str(HERE / "RegistryClient.java"), command, broker, self.own_url, *rest],
            input=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
            check=False)
        if done.returncode != 0:
            raise BrokerError(f"RegistryClient.java failed:\n{done.stderr[-3000:]}")
        return done.stdout

    def stop(self):
        """Ends the process; harmless when it has ended already."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    continue
        self.log.unlink(missing_ok=True)


class Gatekeeper:
    """Stands before a registry and lets those in who know USER:PASSWORD, if they are asked for it.

    With CERTIFICATES (see make_certificates) it speaks TLS and wants to see a certificate. It can
    be stopped and started again at the same port. `paths` are those that it was asked for.
    """

    def __init__(self, registry, authorization=None, certificates=None):
        self.registry = registry
        self.authorization = authorization
        self.certificates = certificates
        self.port, = free_ports(1)
        scheme = "https" if certificates else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}{API}"
        self.paths = []
        self.server = None

    def start(self):
        keeper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                keeper.paths.append(self.path.removeprefix(API))
                size = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(size) if size else None
                if keeper.authorization not in (None, self.headers.get("Authorization")):
                    self.send(401, b"")
                    return
                kind = {"Content-Type": self.headers["Content-Type"]} if body else {}
                request = urllib.request.Request(
                    f"http://127.0.0.1:{keeper.registry.port}{self.path}", data=body, headers=kind)
                try:
                    with urllib.request.urlopen(request, timeout=10) as found:
                        self.send(found.status, found.read())
                except urllib.error.HTTPError as error:
                    self.send(error.code, error.read())

            do_GET = do_POST = answer

            def send(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        if self.certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificates / "server.pem",
                                    self.certificates / "server.key")
            context.load_verify_locations(self.certificates / "ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


def make_certificates(folder):
    """An authority in FOLDER, and what it signed: server (for 127.0.0.1) and client."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=authority")
    for name in ("server", "client"):
        (folder / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1\n")
        openssl("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", f"{name}.pem", "-days", "2",
                "-extfile", f"{name}.ext")
    return folder
