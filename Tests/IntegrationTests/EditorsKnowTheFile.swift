import Foundation
import RepriseTestSupport
import Testing

/// The schema that `reprise schema` prints, as a validator reads it that is not ours (python3-jsonschema).
@Suite struct EditorsKnowTheFile {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Runs a Python program that has `schema`, `validator`, `load(path)` and the arguments behind the schema's.
    private func python(_ program: String, _ arguments: [String] = []) throws -> ShellResult {
        let schema = RepriseProcess.temporaryFolder().appending(path: "schema.json")
        try Data(try Shell.run([RepriseProcess.program.path, "schema"]).output.utf8).write(to: schema)
        let preparation = """
            import copy, json, sys, jsonschema, yaml
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            def load(path): return yaml.safe_load(open(path))

            """
        return try Shell.python(preparation + program, [schema.path] + arguments, seconds: 60)
    }

    @Test func `every configuration of ours is valid under the schema`() throws {
        let folders = ["conf", "docs"].map { Self.root.appending(path: $0).path }
        // conf/load has load tests, which are no configuration.
        let files = try Shell.run(["find"] + folders + ["-name", "*.yaml", "-not", "-path", "*/conf/load/*"]).output
            .split(separator: "\n").map(String.init)
        #expect(files.count >= 10)
        let result = try python(
            """
            for path in sys.argv[2:]:
                for error in validator.iter_errors(load(path)): print(path, error.json_path, error.message)
            """, files)
        #expect(result.status == 0 && result.output.isEmpty, "\(result)")
    }

    @Test func `the schema has a name, and every default in it is valid where it stands`() throws {
        let result = try python(
            """
            assert schema["$id"].startswith("urn:uuid:"), schema["$id"]
            count = 0
            def walk(part):
                global count
                if isinstance(part, list): [walk(each) for each in part]
                if not isinstance(part, dict): return
                if "default" in part and not isinstance(part["default"], dict):
                    count += 1
                    for error in jsonschema.Draft202012Validator(part).iter_errors(part["default"]):
                        print(part, error.message)
                [walk(each) for each in part.values()]
            walk(schema)
            assert count > 40, count
            """)
        #expect(result.status == 0 && result.output.isEmpty, "\(result)")
    }

    @Test func `a variable may stand wherever a value may, as the program has it`() throws {
        let result = try python(
            """
            document = load(sys.argv[2])
            places = []
            def walk(value, path):
                if isinstance(value, dict): [walk(each, path + [key]) for key, each in value.items()]
                elif isinstance(value, list): [walk(each, path + [index]) for index, each in enumerate(value)]
                else: places.append(path)
            walk(document, [])
            assert len(places) > 40, places
            def replaced(path, value):
                other = copy.deepcopy(document)
                place = other
                for step in path[:-1]: place = place[step]
                place[path[-1]] = value
                return other
            for path in places:
                for value in ["${NAME}", "${NAME:-x}", "${NAME:-}"]:
                    if not validator.is_valid(replaced(path, value)): print(path, value)
            for value in ["$${NAME}", "${1}", "${NAME", "${}", "NAME", 0]:
                if validator.is_valid(replaced(["workers"], value)): print("workers", value)
            def options(part, path):
                for name, option in part.get("properties", {}).items():
                    parts = [option] + option.get("anyOf", []) + [option.get("items", {})]
                    parts += option.get("items", {}).get("anyOf", [])
                    for inner in parts: options(inner, path + [name])
                    isNested = any(key in option for key in ["properties", "items", "additionalProperties"])
                    if not isNested and not jsonschema.Draft202012Validator(option).is_valid("a${NAME:-x}"):
                        print("schema", path + [name])
            options(schema, [])
            """, [Self.root.appending(path: "conf/reprise.yaml").path])
        #expect(result.status == 0 && result.output.isEmpty, "\(result)")
    }

    @Test(arguments: [
        "workers: 0", "wrkers: 1", "log: { level: loud }", "drain_timeout: 5", "sessions: { single_use: 3 }",
        "sessions: { cache: { size: 1 ounce } }",
    ])
    func `a fault is one under the schema, too`(line: String) throws {
        let minimal = Self.root.appending(path: "conf/examples/minimal.yaml").path
        let program = """
            document = load(sys.argv[2])
            assert validator.is_valid(document)
            document.update(yaml.safe_load(sys.argv[3]))
            print(validator.is_valid(document))
            """
        let result = try python(program, [minimal, line])
        #expect(result.output == "False\n", "\(result)")
    }
}
