#!/usr/bin/env python3
"""How the cost of a connection grows with what there is beside it.

    Benchmarks/growth.py PATH_OF_REPRISE [hosts|connections|workers|start]...

hosts        10,000 virtual hosts with files of their own, beside one
connections  10,000 open connections, or as many as descriptors allow (two for each), beside none
workers      two workers, beside one; also by processor time, in turn, six rounds, medians
start        from the command to the first client with 10,000 hosts and with one and four workers, beside the processor time
             that libssl takes to load as many, shared out over all processors; three times

The first three count the workers' instructions of 200 full TLS 1.3 handshakes with a request each (valgrind's callgrind, by
thread), which no other work on the machine changes. Beside them stands what the server does by time and not by connection: its
processor time while nobody comes. It ends with status 1 where instructions grow by more than a twentieth, a start takes longer
than 1.2 times libssl's share, or a host takes more than 30 KiB.
"""
import atexit
import os
import re
import resource
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import costs  # noqa: E402

HOSTS = 10_000
MOST_GROWTH, LONGEST_START, MOST_KIB = 1.05, 1.2, 30
passed = []
FULL = ["--tls", "1.3", "--handshake", "full"]


def instructions(program, upstream, hosts=1, held=0, workers=1):
    """The workers' instructions for each connection."""
    # valgrind takes ten times as long: ten thousand ECDSA keys would take more than the minute that Reprise gives a start.
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
        if descriptors(counter.server) < 2 * held - 10:
            raise SystemExit("not all connections stayed open")
        costs.end_process(clients)
    counter.end()
    # Workers do most of what there is for a connection; the other threads' part grows with time alone.
    by_thread = [(sum(many[thread].values()) - sum(few.get(thread, {}).values())) / 200 for thread in many]
    return sum(sorted(by_thread)[-workers:])


def hold(program, server, count):
    """Clients that have come and stay, by resumption: callgrind slows down what it does not count, too."""
    before = descriptors(server)
    clients = subprocess.Popen(
        [program, "load", f"https://127.0.0.1:{server.port}", "--insecure", "--sni", "localhost", "--tls", "1.2",
         "--handshake", "id", "--connections", str(count), "--count", str(count), "--rate", "150/s", "--idle", "10m",
         "--duration", "15m", "--timeout", "5m"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(costs.end_process, clients)
    until = time.monotonic() + 280
    # A few, such as a file that is looked at, come and go.
    while descriptors(server) < before + 2 * count - 10:
        if time.monotonic() > until or clients.poll() is not None:
            raise SystemExit(f"not all of {count} connections came to be open")
        time.sleep(0.2)
    # The last ones are still being served.
    while time.monotonic() < until:
        before = seconds(server.process)
        time.sleep(1)
        if seconds(server.process) - before < 0.05:
            return clients
    raise SystemExit("the server did not come to rest")


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


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
    holds = many / one <= MOST_GROWTH
    print(f"{what:44}{one:14,.0f}{many:14,.0f}  {many / one:.3f}{'' if holds else '  PASSED'}", flush=True)
    return holds


def hold_to_bound(what, holds):
    if not holds:
        passed.append(what)


def hosts(program, upstream):
    hold_to_bound("hosts", compare(
        f"instructions: {HOSTS:,} hosts, beside one", instructions(program, upstream),
        instructions(program, upstream, hosts=HOSTS)))
    print(f"percent of a processor while idle: {idle_share(program, upstream, 1):.2f}, "
          f"with {HOSTS:,} hosts {idle_share(program, upstream, HOSTS):.2f}", flush=True)


def connections(program, upstream):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    held = 10_000 if most == resource.RLIM_INFINITY else min(10_000, (most - 1_000) // 2)
    if held < 2_000:
        raise SystemExit(f"{most} descriptors allow only {held} connections, which says nothing")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    hold_to_bound("connections", compare(
        f"instructions: {held:,} open, beside none", instructions(program, upstream),
        instructions(program, upstream, held=held)))


def workers(program, upstream):
    hold_to_bound("workers", compare(
        "instructions: two workers, beside one", instructions(program, upstream),
        instructions(program, upstream, workers=2)))
    servers = [costs.Server(program, upstream, workers=count) for count in (1, 2)]
    taken = ([], [])
    for number in range(6):
        for server, figures in list(zip(servers, taken))[::1 if number % 2 else -1]:
            before = seconds(server.process)
            server.load(program, *FULL, "--connections", "16", "--count", "3000")
            figures.append((seconds(server.process) - before) / 3000 * 1e6)
    for server in servers:
        server.end()
    # Time is the machine's, too, and held to nothing.
    compare("µs of a connection: two workers, beside one", *map(statistics.median, taken))
    print("by round:", ", ".join(f"{two / one:.2f}" for one, two in zip(*taken)), flush=True)


def start(program, upstream):
    processors = len(os.sched_getaffinity(0))
    for count in (1, 4):
        ratios, sizes = [], []
        for _ in range(3):
            share = load_alone() / processors
            server = costs.Server(program, upstream, workers=count, hosts=HOSTS, patience=120)
            pss = re.search(r"^Pss: +(\d+)", open(f"/proc/{server.process.pid}/smaps_rollup").read(), re.M)
            ratios.append(server.started_after / share)
            sizes.append(int(pss[1]) / HOSTS)
            print(f"start with {HOSTS:,} hosts, workers {count}: {server.started_after:.2f} s, "
                  f"{seconds(server.process):.2f} s of processors; libssl's share {share:.2f} s", flush=True)
            server.end()
        ratio, size = statistics.median(ratios), statistics.median(sizes)
        print(f"medians: {ratio:.2f} of libssl's share, {size:.1f} KiB for each host, the program included", flush=True)
        hold_to_bound(f"start with {count} workers", ratio <= LONGEST_START)
        hold_to_bound(f"memory with {count} workers", size <= MOST_KIB)


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
    if passed:
        raise SystemExit("above the bound: " + ", ".join(passed))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
