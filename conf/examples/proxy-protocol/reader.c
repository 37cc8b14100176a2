/*
 * Reads the header of the PROXY protocol, version 1 or 2, with the TLVs that Reprise sends.
 *
 *   cc -std=c99 -O2 -Wall -Wextra -o reader reader.c
 *   ./reader PORT|PATH    serves on 127.0.0.1:PORT or a Unix socket: prints each connection's header as one line of JSON,
 *                               and answers with the same line
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

enum { signature_size = sizeof signature - 1, line_limit = 107, header_limit = 16 + 65535 };

struct header {
    int version;
    bool local;               /* the connection is the proxy's own, as its health checks are */
    const char *transport;    /* NULL: the connection's own addresses count */
    char address[2][109];     /* the source's and the destination's */
    int port[2];              /* -1 where there are none: Unix sockets */
    const uint8_t *tlvs;
    size_t tlvs_size;
};

struct tlv {
    uint8_t type;
    const uint8_t *value;
    size_t size;
};

static uint16_t number16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static uint32_t number32(const uint8_t *at) { return (uint32_t)number16(at) << 16 | number16(at + 2); }

/* The CRC32c of data in which the four bytes at `hole` count as zero. */
static uint32_t crc32c(const uint8_t *data, size_t size, size_t hole) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        crc ^= i - hole < 4 ? 0 : data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
    }
    return ~crc;
}

/* Takes the next TLV away from what is left. False at the end, and with `left` not 0 where it is cut off. */
static bool next_tlv(const uint8_t **at, size_t *left, struct tlv *tlv) {
    if (*left < 3 || *left - 3 < number16(*at + 1)) return false;
    *tlv = (struct tlv){.type = **at, .value = *at + 3, .size = number16(*at + 1)};
    *at += 3 + tlv->size;
    *left -= 3 + tlv->size;
    return true;
}

/* How many bytes from the start surely belong to the header, by what is there of it. When as many are there, it is whole. */
static size_t wanted(const uint8_t *data, size_t size) {
    if (size < signature_size) return signature_size;
    if (memcmp(data, signature, signature_size) == 0) return size < 16 ? 16 : 16 + (size_t)number16(data + 14);
    bool open = memcmp(data, "PROXY ", 6) == 0 && memcmp(data + size - 2, "\r\n", 2) != 0 && size < line_limit;
    return open ? size + 1 : size;
}

/* Reads a whole header of version 1. NULL when all is well, otherwise what is wrong. */
static const char *parse_line(const uint8_t *data, size_t size, struct header *header) {
    char line[line_limit + 1] = "", again[128], family;
    if (size < 15 || size > line_limit || memcmp(data + size - 2, "\r\n", 2) != 0) return "this is no PROXY header";
    *header = (struct header){.version = 1};
    memcpy(line, data, size);
    if (memcmp(line, "PROXY UNKNOWN", 13) == 0 && (line[13] == ' ' || size == 15)) return NULL;
    unsigned port[2];
    if (sscanf(line, "PROXY TCP%c %45s %45s %5u %5u", &family, header->address[0], header->address[1], &port[0], &port[1]) != 5 ||
        (family != '4' && family != '6'))
        return "this is no PROXY header";
    /* sscanf is lenient with spaces, signs and zeros: only what reads the same when written again is right. */
    int length = snprintf(again, sizeof again, "PROXY TCP%c %s %s %u %u\r\n", family, header->address[0], header->address[1],
                          port[0], port[1]);
    if (length < 0 || (size_t)length != size || memcmp(again, data, size) != 0) return "this is no PROXY header";
    for (int i = 0; i < 2; i++) {
        uint8_t packed[16];
        int kind = family == '4' ? AF_INET : AF_INET6;
        if (port[i] > 65535) return "there is no such port";
        if (inet_pton(kind, header->address[i], packed) != 1) return "an address is wrong";
        inet_ntop(kind, packed, header->address[i], sizeof header->address[i]);
        header->port[i] = (int)port[i];
    }
    header->transport = family == '4' ? "TCP4" : "TCP6";
    return NULL;
}

/* Reads a whole header, whose size `wanted` has told. NULL when all is well, otherwise what is wrong; such a connection is to be
   closed. The TLVs stay where they are in the data. */
static const char *parse(const uint8_t *data, size_t size, struct header *header) {
    static const char *const transports[4][3] = {{0}, {0, "TCP4", "UDP4"}, {0, "TCP6", "UDP6"}, {0, "UNIX", "UNIX_DGRAM"}};
    static const size_t address_sizes[4] = {0, 4, 16, 108}, port_sizes[4] = {0, 2, 2, 0};
    if (size < 16 || memcmp(data, signature, signature_size) != 0) return parse_line(data, size, header);
    uint8_t command = data[12], family = data[13] >> 4, protocol = data[13] & 15;
    if ((command != 0x20 && command != 0x21) || family > 3 || protocol > 2)
        return "the version, the command, the family or the protocol is unknown";
    *header = (struct header){.version = 2, .local = command == 0x20};
    if (header->local) return NULL; /* the rest says nothing */
    size_t address_size = address_sizes[family], end = 16 + 2 * (address_size + port_sizes[family]);
    if (size < end) return "the addresses are cut off";
    header->transport = transports[family][protocol];
    for (size_t i = 0; i < 2 && header->transport != NULL; i++) {
        const uint8_t *address = data + 16 + i * address_size;
        header->port[i] = family == 3 ? -1 : number16(data + end - 4 + 2 * i);
        if (family == 3) memcpy(header->address[i], address, address_size);
        else inet_ntop(family == 1 ? AF_INET : AF_INET6, address, header->address[i], sizeof header->address[i]);
    }
    header->tlvs = data + end;
    header->tlvs_size = size - end;
    const uint8_t *at = header->tlvs;
    size_t left = header->tlvs_size;
    for (struct tlv tlv; next_tlv(&at, &left, &tlv);) {
        if (((tlv.type == 0x03 || tlv.type == 0xE6) && tlv.size != 4) || (tlv.type == 0x05 && tlv.size > 128))
            return "a TLV has a wrong length";
        if (tlv.type == 0x03 && number32(tlv.value) != crc32c(data, size, (size_t)(tlv.value - data)))
            return "the checksum is wrong";
        if (tlv.type != 0x20) continue;
        if (tlv.size < 5) return "a TLV has a wrong length";
        const uint8_t *part = tlv.value + 5;
        size_t parts_left = tlv.size - 5;
        for (struct tlv inner; next_tlv(&part, &parts_left, &inner);) continue;
        if (parts_left > 0) return "a TLV has a wrong length";
    }
    return left > 0 ? "a TLV has a wrong length" : NULL;
}

/* What the JSON calls a TLV, and how it shows it: as text, number, hexadecimal, size, or with parts. */
static const struct name {
    uint8_t type;
    const char *name;
    char shown;
} names[] = {
    {0x01, "alpn", 't'}, {0x02, "authority", 't'}, {0x03, "crc32c", 'n'}, {0x04, "noop", 's'}, {0x05, "unique_id", 'x'},
    {0x20, "ssl", 'p'}, {0x30, "netns", 't'},
    /* Reprise's own; the first is hitch's too. */
    {0xE0, "client_certificate", 't'}, {0xE4, "lineage", 't'}, {0xE5, "resumed", 't'}, {0xE6, "renewals", 'n'},
    {0xE7, "reason", 't'}, {0}
}, parts[] = {
    {0x21, "version", 't'}, {0x22, "cn", 't'}, {0x23, "cipher", 't'}, {0x24, "sig_alg", 't'}, {0x25, "key_alg", 't'},
    {0x26, "group", 't'}, {0x27, "sig_scheme", 't'}, {0x28, "client_cert", 'x'}, {0}
};

static void print_text(FILE *out, const uint8_t *data, size_t size) {
    fputc('"', out);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '"' || data[i] == '\\') fputc('\\', out);
        if (data[i] < ' ') fprintf(out, "\\u%04x", data[i]);
        else fputc(data[i], out);
    }
    fputc('"', out);
}

static void print_tlvs(FILE *out, const uint8_t *at, size_t left, const struct name *table) {
    const char *separator = "";
    for (struct tlv tlv; next_tlv(&at, &left, &tlv); separator = ", ") {
        const struct name *name = table;
        while (name->name != NULL && name->type != tlv.type) name++;
        if (name->name != NULL) fprintf(out, "%s\"%s\": ", separator, name->name);
        else fprintf(out, "%s\"0x%02x\": ", separator, tlv.type);
        switch (name->name != NULL ? name->shown : 'x') {
        case 't': print_text(out, tlv.value, tlv.size); break;
        case 'n': fprintf(out, "%lu", (unsigned long)number32(tlv.value)); break;
        case 's': fprintf(out, "%zu", tlv.size); break;
        case 'p':
            fprintf(out, "{\"tls\": %s, \"certificate_on_connection\": %s, \"certificate_in_session\": %s, \"verify\": %lu%s",
                    tlv.value[0] & 1 ? "true" : "false", tlv.value[0] & 2 ? "true" : "false",
                    tlv.value[0] & 4 ? "true" : "false", (unsigned long)number32(tlv.value + 1), tlv.size > 5 ? ", " : "");
            print_tlvs(out, tlv.value + 5, tlv.size - 5, parts);
            fputc('}', out);
            break;
        default:
            fputc('"', out);
            for (size_t i = 0; i < tlv.size; i++) fprintf(out, "%02x", tlv.value[i]);
            fputc('"', out);
        }
    }
}

static void print(FILE *out, const struct header *header) {
    fprintf(out, "{\"version\": %d, \"command\": \"%s\"", header->version, header->local ? "LOCAL" : "PROXY");
    if (!header->local) fprintf(out, ", \"transport\": \"%s\"", header->transport != NULL ? header->transport : "UNKNOWN");
    for (int i = 0; i < 2 && header->transport != NULL; i++) {
        const char *address = header->address[i];
        fprintf(out, ", \"%s\": %s", i == 0 ? "source" : "destination", header->port[i] < 0 ? "" : "[");
        print_text(out, (const uint8_t *)address, strlen(address));
        if (header->port[i] >= 0) fprintf(out, ", %d]", header->port[i]);
    }
    if (header->tlvs_size > 0) {
        fputs(", \"tlvs\": {", out);
        print_tlvs(out, header->tlvs, header->tlvs_size, names);
        fputc('}', out);
    }
    fputs("}\n", out);
}

/* Reads a header from a connection, and nothing of what follows it. */
static const char *read_header(int connection, uint8_t *data, struct header *header) {
    size_t size = 0;
    for (size_t next; (next = wanted(data, size)) > size;) {
        ssize_t count = recv(connection, data + size, next - size, 0);
        if (count == 0) return "the connection ends within the header";
        if (count < 0 && errno != EINTR) return strerror(errno);
        if (count > 0) size += (size_t)count;
    }
    return parse(data, size, header);
}

static void serve(int connection) {
    static uint8_t data[header_limit];
    struct timeval patience = {.tv_sec = 5};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    struct header header;
    const char *fault = read_header(connection, data, &header);
    FILE *answer = fdopen(connection, "w");
    if (answer == NULL) return;
    FILE *const outputs[] = {stdout, answer};
    for (int i = 0; i < 2; i++) {
        if (fault == NULL) print(outputs[i], &header);
        else fprintf(outputs[i], "{\"error\": \"%s\"}\n", fault);
        fflush(outputs[i]);
    }
    shutdown(connection, SHUT_WR);
    while (recv(connection, data, sizeof data, 0) > 0) continue; /* what is left unread would reset the connection */
    fclose(answer);
}

static int listen_at(const char *where) {
    char *end;
    unsigned long port = strtoul(where, &end, 10);
    struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    bool is_port = *end == '\0' && port > 0 && port < 65536;
    tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (strlen(where) >= sizeof local.sun_path) return -1;
    strcpy(local.sun_path, where);
    int listener = socket(is_port ? AF_INET : AF_UNIX, SOCK_STREAM, 0), yes = 1;
    if (listener < 0) return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const struct sockaddr *address = is_port ? (const struct sockaddr *)&tcp : (const struct sockaddr *)&local;
    if (bind(listener, address, is_port ? sizeof tcp : sizeof local) == 0 && listen(listener, 128) == 0) return listener;
    close(listener);
    return -1;
}

int main(int count, char **words) {
    int listener = count == 2 ? listen_at(words[1]) : -1;
    if (listener < 0) {
        fprintf(stderr, count == 2 ? "%s: cannot listen there: %s\n" : "usage: %s PORT|PATH\n", words[count - 1], strerror(errno));
        return 1;
    }
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) continue;
        if (fork() == 0) {
            close(listener);
            serve(connection);
            _exit(0);
        }
        close(connection);
    }
}
