#!/usr/bin/env python3
"""What a connection, a request, a mebibyte and an idle connection cost, in counts that do not depend on the machine's mood.

    Benchmarks/costs.py PATH_OF_REPRISE [--write | --nginx] [KIND...]

A release build serves on one worker before an upstream in plain TCP, and `reprise load` is its client. Counted are the server's
instructions in user space and its allocations (valgrind's callgrind), its system calls (strace), and its memory for each idle
connection (Pss in /proc). Each count is held to its bound in Benchmarks/costs.json, which belongs to one minor version of
libssl; with another one the counts are printed and held to nothing. --write takes what was counted, and a little more, as the
bounds. It ends with status 1 where a bound is passed. System calls are those of a connection: epoll_wait and those for memory
are the load's. --nginx counts an nginx (stream) in the place of Reprise, beside the same client and upstream, and holds it to
nothing.
"""
import asyncio
import atexit
import collections
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BOUNDS = os.path.join(HERE, "costs.json")
MIB = 1 << 20

# What `reprise load` does, and how often: an operation's cost is the difference of the two runs.
CONNECTIONS = {
    "full-1.3": ["--tls", "1.3", "--handshake", "full"],
    "psk-1.3": ["--tls", "1.3", "--handshake", "psk"],
    "full-1.2": ["--tls", "1.2", "--handshake", "full"],
    "id-1.2": ["--tls", "1.2", "--handshake", "id"],
    "ticket-1.2": ["--tls", "1.2", "--handshake", "ticket"],
}
# How much above what was counted a bound is: handshakes vary with the length of signatures, memory with the order of things.
MARGINS = {"instructions": 1.03, "allocations": 1.03, "system calls": 1.05, "bytes": 1.05}
# From a client a receive finds what has come, and records that have come in part cost another.
WIDE = {("up", "instructions"): 1.1}

CONFIGURATION = """
workers: {workers}
log: {{ format: json, level: error }}
sessions: {{ mode: both, cache: {{ size: 16MiB }} }}
listeners:
  - name: costs
    bind: ["127.0.0.1:{port}"]
    mode: tcp
    limits: {{ handshakes: 0 }}
    timeouts: {{ idle: 1h }}
    tls:
      hosts:
{hosts}
    router: app
upstreams:
  - name: app
    servers: ["127.0.0.1:{upstream}"]
"""


HOST = """        - names: ["{name}"]
          certificates: [ {{ chain: "{file}.pem", key: "{file}.key" }} ]
"""


NGINX = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors.log crit;
events {{ worker_connections 20000; }}
stream {{
  access_log off;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/a.pem; ssl_certificate_key {folder}/a.key;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:S:20m; ssl_session_tickets on;
    proxy_pass 127.0.0.1:{upstream};
  }}
}}
"""
EC = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


class Upstream:
    """Answers GET /NUMBER with that many bytes, over connections that stay open; other paths with a few."""

    def __init__(self):
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        ready.wait()

    async def serve(self, ready):
        server = await asyncio.start_server(self.client, "127.0.0.1", 0, limit=8 * MIB)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def client(self, reader, writer):
        try:
            first = True
            while True:
                head = await reader.readuntil(b"\r\n\r\n") if not first or await self.is_http(reader) else None
                first = False
                if head is None:
                    while await reader.read(MIB):
                        pass
                    break
                path = head.split(b" ")[1][1:]
                count = int(path) if path.isdigit() else 13
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % count + b"x" * count)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def is_http(self, reader):
        # Peeks: what `--up` sends is no request.
        while len(reader._buffer) < 4 and not reader.at_eof():
            await reader._wait_for_data("peek")
        return bytes(reader._buffer[:4]) == b"GET "


class Server:
    """A Reprise, alone or below something that counts; each further host has files of its own."""

    def __init__(self, program, upstream, wrapper=(), workers=1, hosts=1, key=EC, patience=60):
        self.folder = folder("reprise-costs-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        make_certificate(f"{self.folder}/a")
        self.errors = open(f"{self.folder}/errors", "w")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [*wrapper, *self.command(program, upstream, workers, hosts, key)], stdout=self.errors, stderr=self.errors)
        atexit.register(end_process, self.process)
        until = time.monotonic() + patience
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                self.started_after = time.monotonic() - began
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise SystemExit(f"the server did not start: {open(self.errors.name).read()}") from None
                time.sleep(0.05)

    def command(self, program, upstream, workers, hosts, key):
        files = [(f"host{number}.hosts.test", f"{self.folder}/{number}") for number in range(1, hosts)]
        if files:
            make_certificate(f"{self.folder}/b", key, "DNS:*.hosts.test")
        for _, file in files:
            for kind in ("pem", "key"):
                shutil.copyfile(f"{self.folder}/b.{kind}", f"{file}.{kind}")
        parts = [HOST.format(name=name, file=file) for name, file in [*files, ("localhost", f"{self.folder}/a")]]
        with open(f"{self.folder}/reprise.yaml", "w") as file:
            file.write(CONFIGURATION.format(
                port=self.port, workers=workers, hosts="".join(parts), upstream=upstream.port))
        return [program, "serve", "-c", f"{self.folder}/reprise.yaml"]

    def load(self, program, *options, target="https"):
        path, options = (options[0], options[1:]) if options and options[0].startswith("/") else ("", options)
        result = subprocess.run(
            [program, "load", f"{target}://127.0.0.1:{self.port}{path}", "--insecure", "--sni", "localhost", "--json",
             "--duration", "5m", "--timeout", "60s", *options], capture_output=True, text=True, timeout=290)
        if result.returncode:
            raise SystemExit(f"the load failed: {result.stderr}")
        time.sleep(0.3)  # The server closes after the client.
        return json.loads(result.stdout)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        shutil.rmtree(self.folder)


class Nginx(Server):
    """An nginx that does the same, in one process."""

    def command(self, program, upstream, workers, hosts, key):
        with open(f"{self.folder}/nginx.conf", "w") as file:
            file.write(NGINX.format(port=self.port, folder=self.folder, upstream=upstream.port))
        return ["nginx", "-c", f"{self.folder}/nginx.conf"]


def folder(prefix):
    """A new folder that goes with this process, however it ends."""
    path = tempfile.mkdtemp(prefix=prefix)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def end_process(process):
    if process.poll() is None:
        process.kill()
        process.wait()


def make_certificate(path, key=EC, name="DNS:localhost"):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-subj",
         "/CN=localhost", "-addext", f"subjectAltName={name}", "-days", "365", "-keyout",
         f"{path}.key", "-out", f"{path}.pem"], check=True, capture_output=True)


def read_callgrind(path):
    """Instructions by object, and how often something was allocated."""
    names, objects = {}, {}
    by_object, allocations = collections.Counter(), 0
    current = called = None
    of_call = False

    def name(table, text):
        number, _, word = text.partition(" ")
        if word:
            table[number] = word
        return table[number]

    for line in open(path, errors="replace"):
        if line.startswith("ob="):
            current = name(objects, line[3:-1])
        elif line.startswith("cob="):
            name(objects, line[4:-1])
        elif line.startswith("fn="):
            name(names, line[3:-1])
        elif line.startswith("cfn="):
            called = name(names, line[4:-1])
        elif line.startswith("calls="):
            of_call = True
            if called.split("'")[0] in ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"):
                allocations += int(line[6:].split()[0])
        elif line[:1] in "+-*0123456789" and line.strip():
            if not of_call:
                by_object[os.path.basename(current or "?")] += int(line.split()[-1])
            of_call = False
    return by_object, allocations


class Callgrind:
    """A server whose instructions are counted between two moments."""

    def __init__(self, program, upstream, *options, kind=Server, **server):
        self.folder = folder("reprise-callgrind-")
        # valgrind cannot read all of what compilers write for debuggers.
        plain = f"{self.folder}/reprise"
        subprocess.run(["strip", "--strip-debug", "-o", plain, program], check=True)
        self.server = kind(plain, upstream, [
            "valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={self.folder}/out", *options], **server)
        self.dumps = 0

    def control(self, *words):
        subprocess.run(
            ["callgrind_control", *words, str(self.server.process.pid)], check=True, capture_output=True, timeout=60)

    def count(self, work):
        self.dump(work)
        return read_callgrind(self.written(f"{self.folder}/out.{self.dumps}"))

    def count_threads(self, work):
        """Instructions by object for each thread, by its number; for `--separate-threads=yes`."""
        self.dump(work)
        prefix = f"out.{self.dumps}-"
        # Each thread that has ever been has one.
        for number in range(1, 1 + len(os.listdir(f"/proc/{self.server.process.pid}/task"))):
            self.written(f"{self.folder}/{prefix}{number:02}")
        return {name.removeprefix(prefix): read_callgrind(self.written(f"{self.folder}/{name}"))[0]
                for name in os.listdir(self.folder) if name.startswith(prefix)}

    def dump(self, work):
        self.control("-z")
        work()
        self.control("-d")
        self.dumps += 1

    def written(self, path):
        until = time.monotonic() + 30
        while not os.path.exists(path) or "totals:" not in open(path, errors="replace").read()[-200:]:
            if time.monotonic() > until:
                raise SystemExit("callgrind wrote nothing")
            time.sleep(0.1)
        return path

    def end(self):
        self.server.end()
        shutil.rmtree(self.folder)


def per_operation(few, many, count):
    (objects, allocations), (more, further) = few, many
    by_object = {name: (more[name] - objects[name]) / count for name in more}
    return {"instructions": sum(by_object.values()), "allocations": (further - allocations) / count,
            "by object": {name: round(number) for name, number in by_object.items() if number > 200}}


def count_instructions(program, upstream, kinds, kind=Server):
    counted = {}
    callgrind = Callgrind(program, upstream, kind=kind)
    load = callgrind.server.load

    def difference(few, many, count):
        return per_operation(callgrind.count(few), callgrind.count(many), count)

    for name, options in CONNECTIONS.items():
        if name not in kinds:
            continue

        def visits(count):
            return load(program, *options, "--connections", "4", "--count", str(count))

        visits(20)  # Once-only work, and sessions.
        counted[name] = difference(lambda: visits(40), lambda: visits(240), 200)
    if "request" in kinds:
        def requests(count):
            return load(program, "--tls", "1.3", "--connections", "4", "--count", "4", "--requests", str(count))

        counted["request"] = difference(lambda: requests(50), lambda: requests(550), 2000)
    if "down" in kinds:
        def down(count):
            return load(program, f"/{count * MIB}", "--tls", "1.3", "--connections", "1", "--count", "1")

        down(1)
        counted["down"] = difference(lambda: down(2), lambda: down(34), 32)
    if "up" in kinds:
        def up(count):
            return load(program, "--tls", "1.3", "--connections", "1", "--count", "1", "--up", f"{count}MiB",
                        target="tls")

        up(1)
        counted["up"] = difference(lambda: up(2), lambda: up(34), 32)
    callgrind.end()
    return counted


def worker_of(server):
    process = server.process
    if isinstance(server, Nginx):
        return str(process.pid)
    for task in os.listdir(f"/proc/{process.pid}/task"):
        if open(f"/proc/{process.pid}/task/{task}/comm").read().startswith("worker"):
            return task
    raise SystemExit("no worker")


def count_calls(program, upstream, kinds, kind=Server):
    counted = {}
    server = kind(program, upstream)
    worker = worker_of(server)

    def calls(work):
        path = f"{server.folder}/strace"
        tracer = subprocess.Popen(["strace", "-c", "-o", path, "-p", worker], stderr=subprocess.PIPE)
        atexit.register(end_process, tracer)
        tracer.stderr.readline()  # It is attached.
        work()
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)
        found = collections.Counter()
        for line in open(path):
            match = re.match(r" *[\d.]+ +[\d.]+ +\d+ +(\d+) .*?(\w+)$", line)
            if match and match[2] not in ("total", "epoll_wait", "mprotect", "madvise", "brk"):
                found[match[2]] += int(match[1])
        return found

    def visits(options, *more):
        return lambda: server.load(program, *options, *more)

    for name in kinds:
        if name in CONNECTIONS:
            options = [*CONNECTIONS[name], "--connections", "4"]
            visits(options, "--count", "20")()
            few, many = (calls(visits(options, "--count", count)) for count in ("40", "240"))
            count = 200
        elif name == "request":
            options = ["--tls", "1.3", "--connections", "4", "--count", "4", "--requests"]
            few, many = (calls(visits(options, count)) for count in ("50", "550"))
            count = 2000
        else:
            continue
        by_name = {call: round((many[call] - few[call]) / count, 2) for call in many}
        counted[name] = {"system calls": round(sum(by_name.values()), 2),
                         "by name": {call: number for call, number in by_name.items() if number}}
    server.end()
    return counted


def count_bytes(program, upstream, first=2000, further=4000):
    """Of an idle connection among thousands: the first ones lie where the start has left room, and cost less."""
    server = Server(program, upstream)

    def pss():
        text = open(f"/proc/{server.process.pid}/smaps_rollup").read()
        return int(re.search(r"^Pss: +(\d+)", text, re.M)[1]) * 1024

    def descriptors():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    def hold(count):
        before = descriptors()
        clients = subprocess.Popen(
            [program, "load", f"https://127.0.0.1:{server.port}", "--insecure", "--sni", "localhost", "--tls", "1.3",
             "--connections", str(count), "--count", str(count), "--rate", "500/s", "--idle", "2m", "--duration", "4m"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(end_process, clients)
        until = time.monotonic() + 60
        # A few, such as a file that is looked at, come and go.
        while descriptors() < before + 2 * count - 10:
            if time.monotonic() > until:
                raise SystemExit(f"{descriptors() - before} descriptors are open of {2 * count}")
            time.sleep(0.1)
        time.sleep(2)  # What handshakes leave goes back within a second.
        return clients, pss()

    some, before = hold(first)
    others, after = hold(further)
    for clients in (some, others):
        clients.terminate()
        clients.wait(30)
    server.end()
    return {"idle": {"bytes": (after - before) / further}}


def main():
    words = [word for word in sys.argv[1:] if word not in ("--write", "--nginx")]
    kind = Nginx if "--nginx" in sys.argv else Server
    if not words:
        raise SystemExit(__doc__)
    if kind is Nginx and ("--write" in sys.argv or "idle" in words[1:]):
        raise SystemExit("--nginx goes with neither --write nor idle")
    program, every = os.path.abspath(words[0]), [*CONNECTIONS, "request", "down", "up", "idle"]
    kinds = words[1:] or every
    if unknown := set(kinds) - set(every):
        raise SystemExit(f"{', '.join(sorted(unknown))}: no such kind; there are {', '.join(every)}")
    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
    library = re.search(r"OpenSSL \d+\.\d+", version)[0]
    with open(BOUNDS) as file:
        all_bounds = json.load(file)
    bounds = all_bounds.setdefault(library, {}) if kind is Server else {}

    upstream = Upstream()
    counted = {name: {} for name in kinds}
    for found in (
            count_instructions(program, upstream, kinds, kind), count_calls(program, upstream, kinds, kind),
            count_bytes(program, upstream) if "idle" in kinds and kind is Server else {}):
        for name, numbers in found.items():
            counted[name] |= numbers

    passed = []
    for name, numbers in counted.items():
        for what in MARGINS:
            if what not in numbers:
                continue
            number, bound = numbers[what], bounds.get(name, {}).get(what)
            holds = bound is None or number <= bound
            words = f"bound {bound:,}" if bound is not None else "no bound"
            print(f"{name:12}{what:14}{number:14,.1f}  {words}{'' if holds else '  PASSED'}")
            if not holds:
                passed.append(f"{name} {what}")
            if "--write" in sys.argv:
                # A count of none varies, too: a timer may fire in one of the two runs.
                number = number * WIDE.get((name, what), MARGINS[what]) + (1 if what == "allocations" else 0)
                bounds.setdefault(name, {})[what] = round(number, 1) if number < 1000 else round(number, -2)
        for detail in ("by object", "by name"):
            parts = sorted(numbers.get(detail, {}).items(), key=lambda part: -part[1])
            if parts:
                print("            " + ", ".join(f"{part} {number:,}" for part, number in parts))
    if "--write" in sys.argv:
        with open(BOUNDS, "w") as file:
            json.dump(all_bounds, file, indent=2)
            file.write("\n")
    elif passed:
        raise SystemExit("above the bound: " + ", ".join(passed))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
