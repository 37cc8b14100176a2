#!/usr/bin/env python3
"""Reads the header of the PROXY protocol, version 1 or 2, with the TLVs that Reprise sends.

    reader.py PORT|PATH    serves on 127.0.0.1:PORT or a Unix socket: prints each connection's header as one line of
                                 JSON, and answers with the same line
"""
import json
import re
import socket
import socketserver
import sys
from ipaddress import IPv4Address, IPv6Address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LINE = re.compile(rb"(?s)PROXY (?:UNKNOWN(?: .*)?|(TCP[46]) ([\da-fA-F.:]+) ([\da-fA-F.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4}))\r\n")
TRANSPORTS = {0x11: "TCP4", 0x12: "UDP4", 0x21: "TCP6", 0x22: "UDP6", 0x31: "UNIX", 0x32: "UNIX_DGRAM"}
FAMILIES = [  # the size of an address, what decodes it, and the size of both ports
    (0, None, 0), (4, lambda packed: str(IPv4Address(packed)), 4), (16, lambda packed: str(IPv6Address(packed)), 4),
    (108, lambda path: text(path.split(b"\0")[0]), 0),
]


def text(value):
    return value.decode(errors="surrogateescape")


def number(value):
    return int.from_bytes(value, "big")


def ssl(value):
    return {"tls": value[0] & 1 != 0, "certificate_on_connection": value[0] & 2 != 0, "certificate_in_session": value[0] & 4 != 0,
            "verify": number(value[1:5]), **{name: content for name, content, _ in tlvs(value, 5, SSL_PARTS)}}


TLVS = {  # by type: the name, and what decodes the value
    0x01: ("alpn", text), 0x02: ("authority", text), 0x03: ("crc32c", number), 0x04: ("noop", len),
    0x05: ("unique_id", bytes.hex), 0x20: ("ssl", ssl), 0x30: ("netns", text),
    # Reprise's own; the first is hitch's too.
    0xE0: ("client_certificate", text), 0xE4: ("lineage", text), 0xE5: ("resumed", text), 0xE6: ("renewals", number),
    0xE7: ("reason", text),
}
SSL_PARTS = {
    0x21: ("version", text), 0x22: ("cn", text), 0x23: ("cipher", text), 0x24: ("sig_alg", text), 0x25: ("key_alg", text),
    0x26: ("group", text), 0x27: ("sig_scheme", text), 0x28: ("client_cert", bytes.hex),
}
SIZES = {"crc32c": range(4, 5), "renewals": range(4, 5), "unique_id": range(129), "ssl": range(5, 65536)}


def tlvs(data, at, table):
    """From a place on, each TLV's name, content and end. One of an unknown type has its number as name, and is left in
    hexadecimal."""
    while at < len(data):
        name, decode = table.get(data[at], (f"0x{data[at]:02x}", bytes.hex))
        size = number(data[at + 1:at + 3])
        at += 3 + size
        if at > len(data) or size not in SIZES.get(name, range(65536)):
            raise ValueError(f"the TLV {name} has a wrong length")
        yield name, decode(bytes(data[at - size:at])), at


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def take(connection, size):
    data = bytearray()
    while len(data) < size:
        if not (part := connection.recv(size - len(data))):
            raise ValueError("the connection ends within the header")
        data += part
    return bytes(data)


def read_proxy_header(connection):
    """Reads a header from a socket, and nothing of what follows it. Without `source` and `destination`, those of the connection
    itself count. ValueError says what is wrong with the header; such a connection is to be closed."""
    header = take(connection, 12)
    if header != SIGNATURE:
        while header.startswith(b"PROXY ") and not header.endswith(b"\r\n") and len(header) < 107:
            header += take(connection, 1)
        if not (line := LINE.fullmatch(header)):
            raise ValueError("this is no PROXY header")
        found = {"version": 1, "command": "PROXY", "transport": text(line[1] or b"UNKNOWN")}
        if line[1]:
            address = IPv4Address if line[1] == b"TCP4" else IPv6Address
            hosts, ports = [str(address(text(line[i]))) for i in (2, 3)], [int(line[i]) for i in (4, 5)]
            if max(ports) > 65535:
                raise ValueError("there is no such port")
            found["source"], found["destination"] = zip(hosts, ports)
        return found

    header += take(connection, 4)
    header += take(connection, number(header[14:16]))
    if header[12] not in (0x20, 0x21) or header[13] >> 4 > 3 or header[13] & 15 > 2:
        raise ValueError("the version, the command, the family or the protocol is unknown")
    if header[12] == 0x20:  # of the proxy itself, as its health checks are: the rest says nothing
        return {"version": 2, "command": "LOCAL"}
    size, decode, ports = FAMILIES[header[13] >> 4]
    end = 16 + 2 * size + ports
    if len(header) < end:
        raise ValueError("the addresses are cut off")
    found = {"version": 2, "command": "PROXY", "transport": TRANSPORTS.get(header[13], "UNKNOWN")}
    if found["transport"] != "UNKNOWN":
        for i, name in enumerate(("source", "destination")):
            host, port = decode(header[16 + size * i:16 + size * (i + 1)]), header[end - 4 + 2 * i:end - 2 + 2 * i]
            found[name] = (host, number(port)) if ports else host
    for name, content, at in tlvs(header, end, TLVS):
        if name == "crc32c" and content != crc32c(header[:at - 4] + bytes(4) + header[at:]):
            raise ValueError("the checksum is wrong")
        found.setdefault("tlvs", {})[name] = content
    return found


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(5)
        try:
            line = json.dumps(read_proxy_header(self.request))
        except (ValueError, OSError) as error:
            line = json.dumps({"error": str(error)})
        print(line, flush=True)
        try:
            self.request.sendall(line.encode() + b"\n")
            self.request.shutdown(socket.SHUT_WR)
            while self.request.recv(65536):  # what is left unread at the end would reset the connection
                pass
        except OSError:
            pass  # the client has gone


class TCPServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    where = sys.argv[1]
    server = TCPServer(("127.0.0.1", int(where)), Handler) if where.isdigit() else UnixServer(where, Handler)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
