#!/usr/bin/env python3
"""What a group of upstream servers costs and saves, by a real Reprise before real sockets on loopback.

    Benchmarks/upstreams.py PATH_OF_REPRISE [ten] [thousand] [restart]

ten       ten servers: three black holes, two that refuse, one that resets, one that never speaks, three good ones; with health
          checks every 500 ms, and without
thousand  what TCP checks of a thousand servers every 2 s cost
restart   all servers restarted one after the other, each drained before, under load
It prints figures, and ends with status 1 where one misses what is asked for.
"""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

MISSED = []


def say(what, value, bound=None, holds=None):
    word = "" if holds is None else "  holds" if holds else "  MISSED"
    print(f"  {what}: {value}{'' if bound is None else f' (asked: {bound})'}{word}", flush=True)
    if holds is False:
        MISSED.append(what)


class Server:
    """A server on a thread for each connection: good ones send their name and read to the end."""

    def __init__(self, how="good", name=b"x", port=0):
        self.how, self.name, self.open = how, name, set()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=4096 if how != "hole" else 0)
        self.port = self.listener.getsockname()[1]
        if how == "hole":  # the queue is full: further SYNs get no answer
            self.fillers = [socket.socket() for _ in range(4)]
            for filler in self.fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", self.port))
        else:
            threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=[client], daemon=True).start()

    def serve(self, client):
        self.open.add(client)
        try:
            if self.how == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return
            first = client.recv(4096)
            if self.how == "silent":
                while first:
                    first = client.recv(4096)
                return
            if first.startswith(b"GET "):
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                return
            client.sendall(self.name)
            while client.recv(4096):
                pass
        except OSError:
            pass
        finally:
            self.open.discard(client)
            client.close()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Reprise:
    def __init__(self, program, servers, group="", timeouts=""):
        self.folder = tempfile.mkdtemp()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "a.key",
             "-out", "a.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
            cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        listed = "\n".join(f'      - "{server}"' for server in servers)
        with open(f"{self.folder}/reprise.yaml", "w") as file:
            file.write(f"""log: {{ format: json }}
workers: 1
admin: {{ bind: "127.0.0.1:0" }}
listeners:
  - name: web
    bind: ["127.0.0.1:0"]
    router: app
    {timeouts}
    tls: {{ hosts: [{{ names: [localhost], certificates: [{{ chain: a.pem, key: a.key }}] }}] }}
upstreams:
  - name: app
    {group}
    servers:
{listed}
""")
        self.lines = []
        self.process = subprocess.Popen([program, "serve", "-c", f"{self.folder}/reprise.yaml"], stderr=subprocess.PIPE)
        threading.Thread(target=self.read, daemon=True).start()
        self.port = int(self.wait(lambda line: line.get("listener") == "web")["address"].rsplit(":", 1)[1])
        self.admin = self.wait(lambda line: line.get("message") == "admin listening")["address"]
        self.context = ssl._create_unverified_context()

    def read(self):
        for line in self.process.stderr:
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                print(line.decode(), file=sys.stderr)

    def wait(self, matches):
        end = time.monotonic() + 15
        while time.monotonic() < end:
            for line in list(self.lines):
                if matches(line):
                    return line
            time.sleep(0.005)
        raise SystemExit(f"it does not begin: {self.lines}")

    def closed(self, since=0):
        return [line for line in self.lines[since:] if line.get("message") == "connection closed"]

    def visit(self):
        """What a client is sent; None where it gets nothing."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 15) as raw:
                with self.context.wrap_socket(raw, server_hostname="localhost") as client:
                    client.settimeout(2)
                    client.sendall(b"x")
                    return client.recv(64) or None
        except OSError:
            return None

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.admin}/metrics") as answer:
            return answer.read().decode()

    def change(self, **what):
        query = urllib.parse.urlencode({"upstream": "app", **what})
        urllib.request.urlopen(urllib.request.Request(f"http://{self.admin}/upstreams?{query}", method="POST")).read()

    def servers(self):
        with urllib.request.urlopen(f"http://{self.admin}/upstreams") as answer:
            return json.load(answer)["upstreams"][0]["servers"]

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


def under_load(visit, seconds, threads=8):
    results, end = [], time.monotonic() + seconds

    def run():
        while time.monotonic() < end:
            results.append(visit())

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def ten(program):
    gone = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    refusing = [listener.getsockname()[1] for listener in gone]
    for listener in gone:
        listener.close()
    made = [Server("hole") for _ in range(3)] + [Server("reset"), Server("silent")] + [Server(name=b"good") for _ in range(3)]
    ports = [f"127.0.0.1:{port}" for port in [server.port for server in made] + refusing]

    print("ten servers, with HTTP checks every 500 ms:")
    reprise = Reprise(program, ports, "health: { type: http, interval: 500ms, timeout: 400ms }")
    under_load(reprise.visit, 2)
    before = len(reprise.lines)
    results = under_load(reprise.visit, 6)
    good = sum(result == b"good" for result in results) / len(results)
    time.sleep(0.2)
    times = [line["connect_ms"] for line in reprise.closed(before) if "connect_ms" in line]
    say("connections", len(results))
    say("reached a good server", f"{100 * good:.2f} %", "99.9 %", good >= 0.999)
    say("p99 of the connect time", f"{percentile(times, 0.99):.2f} ms", "5 ms", percentile(times, 0.99) <= 5)
    reprise.stop()

    print("the same without checks, connect 500ms:")
    reprise = Reprise(program, ports, timeouts="timeouts: { connect: 500ms }")
    under_load(reprise.visit, 4)
    ejected = {line["server"] for line in reprise.lines if line.get("state") == "ejected"}
    wanted = {f"127.0.0.1:{port}" for port in [server.port for server in made[:3]] + refusing}
    failures = sum(
        float(line.rsplit(" ", 1)[1]) for line in reprise.metrics().splitlines()
        if line.startswith("reprise_upstream_connect_failures_total{"))
    time.sleep(0.2)
    lost = sum(line["ending"] == "upstream_unreachable" for line in reprise.closed())
    say("ejected", f"{len(ejected)}, and just those that take no connections" if ejected == wanted else ejected,
        "5", ejected == wanted)
    say("failures before ejection", int(failures))
    say("connections without a server", f"{lost} of {len(reprise.closed())}", "0", lost == 0)
    reprise.stop()


def thousand(program):
    print("a thousand servers, TCP checks every 2 s:")
    listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
    port = listener.getsockname()[1]

    def accept():
        while True:
            listener.accept()[0].close()

    threading.Thread(target=accept, daemon=True).start()
    servers = [f"127.0.{number // 250 + 1}.{number % 250 + 1}:{port}" for number in range(1000)]
    reprise = Reprise(program, servers, "health: { interval: 2s }")
    time.sleep(4)
    before, start = reprise.cpu(), time.monotonic()
    time.sleep(10)
    share = (reprise.cpu() - before) / (time.monotonic() - start)
    checks = sum(
        float(line.rsplit(" ", 1)[1]) for line in reprise.metrics().splitlines()
        if line.startswith("reprise_upstream_checks_total{") and 'result="good"' in line)
    say("of one core", f"{100 * share:.1f} %", "5 %", share <= 0.05)
    say("good answers so far", int(checks))
    reprise.stop()


def restart(program):
    print("a rolling restart of three servers under load:")
    servers = [Server(name=b"good") for _ in range(3)]
    names = [f"127.0.0.1:{server.port}" for server in servers]
    reprise = Reprise(program, names, "health: { interval: 50ms, rise: 1 }")
    results, done = [], threading.Event()

    def load():
        while not done.is_set():
            results.append(reprise.visit())

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for index, name in enumerate(names):
        reprise.change(server=name, state="drained")
        while next(server for server in reprise.servers() if server["id"] == name)["connections"]:
            time.sleep(0.01)
        servers[index].stop()
        time.sleep(0.3)
        servers[index] = Server(name=b"good", port=int(name.rsplit(":", 1)[1]))
        reprise.change(server=name, state="up")
        while next(server for server in reprise.servers() if server["id"] == name)["state"] != "up":
            time.sleep(0.01)
        time.sleep(0.3)
    done.set()
    for thread in threads:
        thread.join()
    failed = sum(result != b"good" for result in results)
    say("failed connections", f"{failed} of {len(results)}", "0", failed == 0)
    reprise.stop()


def main():
    scenarios = {"ten": ten, "thousand": thousand, "restart": restart}
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(scenarios):
        sys.exit(__doc__)
    for name in sys.argv[2:] or scenarios:
        scenarios[name](sys.argv[1])
    sys.exit(1 if MISSED else 0)


if __name__ == "__main__":
    main()
