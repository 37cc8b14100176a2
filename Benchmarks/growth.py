#!/usr/bin/env python3
"""How the cost of a connection grows with what there is beside it.

    Benchmarks/growth.py PATH_OF_REPRISE [hosts|connections|workers|start]...

hosts        10,000 virtual hosts with files of their own, beside one
connections  as many open connections as descriptors allow (two for each, half the limit of this process), beside none
workers      two workers, beside one; also by processor time, in turn, six rounds, medians
start        from the command to the first accepted connection with 10,000 hosts, beside the time that libssl takes
             to load as many, shared out over all processors; three times

The first three count the workers' instructions of 200 full TLS 1.3 handshakes with a request each (valgrind's callgrind, by
thread), which no other work on the machine changes. Beside them stands what the server does by time and not by connection: its
processor time while nobody comes.
"""
import os
import re
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

import costs

HOSTS = 10_000
FULL = ["--tls", "1.3", "--handshake", "full"]


def instructions(program, upstream, hosts=1, held=0, workers=1):
    """The workers' instructions for each connection."""
    # valgrind takes ten times as long: with ECDSA keys, reading ten thousand would take longer than a server may.
    counter = costs.Callgrind(
        program, upstream, "--separate-threads=yes", "--instr-atstart=no", hosts=hosts, workers=workers, key=["ed25519"],
        patience=280)
    load = counter.server.load
    clients = hold(program, counter.server, held) if held else None

    def visits(count):
        load(program, *FULL, "--connections", "4", "--count", str(count))

    counter.control("-i", "on")
    visits(20 * workers)  # Once-only work.
    few, many = (counter.count_threads(lambda: visits(count)) for count in (40, 240))
    if clients:
        clients.terminate()
        clients.wait(60)
    counter.end()
    # Workers do most of what there is for a connection; the other threads' part grows with time alone.
    return sum(sorted((sum(many[thread].values()) - sum(few[thread].values())) / 200 for thread in few)[-workers:])


def hold(program, server, count):
    """Clients that have come and stay, by resumption: callgrind slows down what it does not count, too."""
    before = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    clients = subprocess.Popen(
        [program, "load", f"https://127.0.0.1:{server.port}", "--insecure", "--sni", "localhost", "--tls", "1.2",
         "--handshake", "id", "--connections", str(count), "--count", str(count), "--rate", "150/s", "--idle", "10m",
         "--duration", "15m", "--timeout", "5m"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 280
    while len(os.listdir(f"/proc/{server.process.pid}/fd")) < before + 2 * count:
        if time.monotonic() > until or clients.poll() is not None:
            raise SystemExit(f"not all of {count} connections came to be open")
        time.sleep(0.2)
    # The last ones are still being served.
    taken = before = seconds(server.process)
    while taken > 0.05:
        time.sleep(1)
        taken, before = seconds(server.process) - before, seconds(server.process)
    return clients


def seconds(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle_share(program, upstream, hosts):
    """How much of a processor a server takes that nobody comes to, in percent."""
    server = costs.Server(program, upstream, hosts=hosts, patience=120)
    time.sleep(5)
    began, at = seconds(server.process), time.monotonic()
    time.sleep(20)
    share = (seconds(server.process) - began) / (time.monotonic() - at) * 100
    server.end()
    return share


def compare(what, one, many):
    print(f"{what:44}{one:14,.0f}{many:14,.0f}  {many / one:.3f}", flush=True)


def hosts(program, upstream):
    compare(f"instructions: {HOSTS:,} hosts, beside one", instructions(program, upstream),
            instructions(program, upstream, hosts=HOSTS))
    print(f"percent of a processor while idle: {idle_share(program, upstream, 1):.2f}, "
          f"with {HOSTS:,} hosts {idle_share(program, upstream, HOSTS):.2f}", flush=True)


def connections(program, upstream):
    held = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1_000) // 2
    compare(f"instructions: {held:,} open, beside none", instructions(program, upstream),
            instructions(program, upstream, held=held))


def workers(program, upstream):
    compare("instructions: two workers, beside one", instructions(program, upstream),
            instructions(program, upstream, workers=2))
    servers = [costs.Server(program, upstream, workers=count) for count in (1, 2)]
    taken = ([], [])
    for _ in range(6):
        for server, figures in zip(servers, taken):
            before = seconds(server.process)
            server.load(program, *FULL, "--connections", "16", "--count", "3000")
            figures.append((seconds(server.process) - before) / 3000 * 1e6)
    for server in servers:
        server.end()
    compare("µs of a connection: two workers, beside one", *map(statistics.median, taken))
    print("by round:", ", ".join(f"{two / one:.2f}" for one, two in zip(*taken)), flush=True)


def start(program, upstream):
    bounds = []
    for _ in range(3):
        own = load_alone()
        server = costs.Server(program, upstream, hosts=HOSTS, patience=120)
        cpu = seconds(server.process)
        memory = int(re.search(r"^Pss: +(\d+)", open(f"/proc/{server.process.pid}/smaps_rollup").read(), re.M)[1])
        server.end()
        bounds.append(server.started_after / (own / os.cpu_count()))
        print(f"start with {HOSTS:,} hosts: {server.started_after:.2f} s until a client is accepted, {cpu:.2f} s of "
              f"processors, {memory / HOSTS:.1f} KiB each; libssl alone loads as many in {own:.2f} s of one", flush=True)
    print(f"the time over libssl's on {os.cpu_count()} processors: " + ", ".join(f"{bound:.2f}" for bound in bounds))


def load_alone():
    """Processor time that libssl takes to read as many chains and keys and to find that they belong together."""
    with tempfile.TemporaryDirectory() as folder:
        costs.make_certificate(f"{folder}/a")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        at = time.process_time()
        for _ in range(HOSTS // 5):
            context.load_cert_chain(f"{folder}/a.pem", f"{folder}/a.key")
        return (time.process_time() - at) * 5


def main():
    every = {"hosts": hosts, "connections": connections, "workers": workers, "start": start}
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    if unknown := set(sys.argv[2:]) - set(every):
        raise SystemExit(f"{', '.join(sorted(unknown))}: no such kind; there are {', '.join(every)}")
    upstream = costs.Upstream()
    for kind in sys.argv[2:] or every:
        every[kind](os.path.abspath(sys.argv[1]), upstream)


main()
