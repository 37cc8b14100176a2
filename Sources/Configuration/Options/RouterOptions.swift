internal import RepriseVocabulary

extension RouterPlan: OptionGroup {
    static var options: [Option<Self>] {
        [
            .required("name", \.name, .name, "The router's name; no upstream group has the same."),
            routes(
                .sni,
                "Routes by the name that the client asks for: a host name, \"*.\" with one, or default. Values are upstream groups or routers."
            ),
            routes(.alpn, "Routes by the application protocol that was agreed on, or default."),
            routes(
                .certificate,
                "Routes by the client's certificate: a host name, \"*.\" with one or a mail address of its subjectAltName, an attribute of its subject such as \"O=Acme\", or default; the first that it has counts."
            ),
            .optional(
                "library", \.library, .file,
                "A shared object with a router of one's own (conf/reprise_router.h), instead of routes."),
            .value("argument", \.argument, .text, defaultText: "", "A text for that router."),
            routes(.network, "Routes by the client's address: a network such as \"10.0.0.0/8\", or default."),
        ]
    }

    private static func routes(_ field: Field, _ about: String) -> Option<Self> {
        .dictionary(
            field.rawValue, of: RouteTargetPlan.self, or: .name, as: \.name,
            set: {
                $0.rules.append(
                    Rule(field: field, key: $1, target: $2.name, sendProxy: $2.sendProxy, tls: $2.tls))
            }, about)
    }
}

extension RouteTargetPlan: OptionGroup {
    var isWhole: Bool { !name.isEmpty }

    static var options: [Option<Self>] {
        [
            .required("to", \.name, .name, "The upstream group or router that the route leads to."),
            .optional(
                "send_proxy", \.sendProxy, .word, defaultText: "the server's",
                "How servers that the route leads to are told who the client is; of several routes on the way the last one counts."
            ),
            .whole(
                "tls", \.tls,
                "TLS towards the servers of the group that the route leads to, instead of the group's and theirs."),
        ]
    }
}
