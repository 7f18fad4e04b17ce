"""Random calls, and what botocore makes of them: one JSON object a line.

usage: fuzz.py SEED SERVICE...

Each line has an operation with parameters that fit and the request that botocore's serializer makes of
them; parameters that do not fit and what its validator reports; an answer in the service's wire format and
what its parser reads.
"""

import base64
import datetime
import json
import random
import sys
from xml.etree import ElementTree

import botocore.session
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.utils import percent_encode_sequence
from botocore.validate import ParamValidator

DEPTH = 4
WORDS = ["alpha", "b c", "d/e", "f+g&h=i", "ünïcödé", "<x>", 'quo"te', "a,b", "i-0123456789abcdef0"]
PLAIN = ["alpha", "beta-2", "g.3", "Delta"]
TIMES = ["2026-01-02T03:04:05Z", "2020-02-29T23:59:59.123Z", "1999-12-31T00:00:00+01:30", 1767323045, 1.5]


class Values:
    """Random values that fit shapes."""

    def __init__(self, dice):
        self.dice = dice

    def of(self, shape, depth=0, plain=False):
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            least = max(int(shape.metadata.get("min", 0)), 0)
            count = max(least, 0 if depth >= DEPTH else self.dice.choice([0, 1, 1, 2]))
            plain = plain or shape.serialization.get("location") == "header"
            return [self.of(shape.member, depth + 1, plain) for _ in range(count)]
        if kind == "map":
            count = 0 if depth >= DEPTH else self.dice.choice([0, 1, 2])
            return {
                self.of(shape.key, depth + 1, True) + str(at): self.of(shape.value, depth + 1, plain)
                for at in range(count)
            }
        if kind in ("string", "character"):
            return self.text(shape, plain)
        if kind in ("integer", "long"):
            least = int(shape.metadata.get("min", 0))
            return least + self.dice.choice([0, 1, 7, 65536])
        if kind in ("float", "double"):
            return max(float(shape.metadata.get("min", 0)), 0) + self.dice.choice([0.0, 0.5, 1e-07, 123456.75, 3])
        if kind == "boolean":
            return self.dice.random() < 0.5
        if kind == "timestamp":
            return self.dice.choice(TIMES)
        if kind == "blob":
            return self.dice.choice(["", "bytes", "ünï"])
        raise ValueError(kind)

    def text(self, shape, plain):
        if shape.metadata.get("enum"):
            return self.dice.choice(shape.metadata["enum"])
        words = PLAIN if plain or shape.serialization.get("location") in ("header", "uri") else WORDS
        if shape.serialization.get("hostLabel"):
            words = ["host-1"]
        word = self.dice.choice(words)
        while len(word) < shape.metadata.get("min", 0):
            word += word
        return word

    def structure(self, shape, depth):
        if shape.is_document_type:
            return {"any": [1, "two", None, {"three": 3.5}]}
        members = shape.members
        if shape.is_tagged_union:
            name = self.dice.choice(list(members))
            return {name: self.of(members[name], depth + 1)}
        chance = 0.6 if depth == 0 else (0.4 if depth < DEPTH else 0)
        required = shape.metadata.get("required", [])
        chosen = [name for name in members if name in required or self.dice.random() < chance]
        # A structure that requires itself has no end.
        if depth > 3 * DEPTH:
            chosen = []
        self.dice.shuffle(chosen)
        return {name: self.of(members[name], depth + 1) for name in chosen}

    def spoil(self, value):
        """The same value with something wrong in it."""
        if isinstance(value, dict) and value and self.dice.random() < 0.7:
            key = self.dice.choice(list(value))
            changed = dict(value)
            if self.dice.random() < 0.3:
                del changed[key]
            else:
                changed[key] = self.spoil(value[key])
            return changed
        if isinstance(value, list) and value and self.dice.random() < 0.7:
            return [self.spoil(value[0]), *value[1:]]
        wrong = [None, 3, -5, 2.5, "", "text", True, [], [1], {}, {"Unknown": 1}, "not a time"]
        if isinstance(value, dict) and self.dice.random() < 0.5:
            return {**value, "Unknown": 1}
        return self.dice.choice(wrong)


def name_of(shape, default):
    return shape.serialization.get("name", default)


def moment(value):
    text = str(value)
    try:
        return datetime.datetime.fromtimestamp(float(text), datetime.timezone.utc)
    except ValueError:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def time_text(value, form):
    time = moment(value)
    if form == "iso8601":
        return time.isoformat().replace("+00:00", "Z")
    if form == "rfc822":
        return time.astimezone(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return repr(time.timestamp())


def blob_text(value):
    return base64.b64encode(value.encode()).decode()


def json_of(shape, value):
    kind = shape.type_name
    if kind == "structure" and not shape.is_document_type:
        return {name_of(shape.members[key], key): json_of(shape.members[key], item) for key, item in value.items()}
    if kind == "list":
        return [json_of(shape.member, item) for item in value]
    if kind == "map":
        return {key: json_of(shape.value, item) for key, item in value.items()}
    if kind == "blob":
        return blob_text(value)
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", "unixTimestamp")
        return float(time_text(value, form)) if form == "unixTimestamp" else time_text(value, form)
    return value


def text_of(shape, value, time_form):
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "blob":
        return blob_text(value)
    if kind == "timestamp":
        return time_text(value, shape.serialization.get("timestampFormat", time_form))
    return str(value)


def xml_of(parent, shape, value, name):
    kind = shape.type_name
    flat = shape.serialization.get("flattened")
    if kind == "structure":
        element = ElementTree.SubElement(parent, name)
        xml_members(element, shape, value)
    elif kind == "list":
        item = shape.member.serialization.get("name")
        around = parent if flat else ElementTree.SubElement(parent, name)
        for each in value:
            xml_of(around, shape.member, each, (item or name) if flat else (item or "member"))
    elif kind == "map":
        around = parent if flat else ElementTree.SubElement(parent, name)
        for key, each in value.items():
            entry = ElementTree.SubElement(around, name if flat else "entry")
            xml_of(entry, shape.key, key, name_of(shape.key, "key"))
            xml_of(entry, shape.value, each, name_of(shape.value, "value"))
    else:
        ElementTree.SubElement(parent, name).text = text_of(shape, value, "iso8601")


def xml_members(element, shape, value):
    for key, item in value.items():
        member = shape.members[key]
        if member.serialization.get("location"):
            continue
        name = name_of(member, key)
        if member.serialization.get("xmlAttribute"):
            prefix = name.split(":")[0]
            element.set(f"xmlns:{prefix}", f"http://example.com/{prefix}")
            element.set(name, item)
        else:
            xml_of(element, member, item, name)


def answer(model, protocol, value):
    """Headers and body of an answer that says `value`."""
    shape = model.output_shape
    headers = {"x-amzn-requestid": "request-1", "Content-Type": "text/plain"}
    if protocol in ("query", "ec2"):
        root = ElementTree.Element(f"{model.name}Response", {"xmlns": "http://example.com/"})
        if shape is not None:
            start = root
            if "resultWrapper" in shape.serialization:
                start = ElementTree.SubElement(root, shape.serialization["resultWrapper"])
            xml_members(start, shape, value)
        if protocol == "ec2":
            ElementTree.SubElement(root, "requestId").text = "request-2"
        else:
            metadata = ElementTree.SubElement(root, "ResponseMetadata")
            ElementTree.SubElement(metadata, "RequestId").text = "request-2"
        return headers, ElementTree.tostring(root, encoding="utf-8")
    if shape is None:
        return headers, b""
    if protocol == "json":
        return headers, json.dumps(json_of(shape, value)).encode()
    inner = {}
    for key, item in value.items():
        member = shape.members[key]
        location = member.serialization.get("location")
        if location == "header":
            if member.type_name == "list":
                headers[name_of(member, key)] = ", ".join(text_of(member.member, each, "rfc822") for each in item)
            elif member.serialization.get("jsonvalue"):
                headers[name_of(member, key)] = blob_text(json.dumps({"some": item}))
            else:
                headers[name_of(member, key)] = text_of(member, item, "rfc822")
        elif location == "headers":
            headers.update({name_of(member, "") + name: each for name, each in item.items()})
        elif location is None:
            inner[key] = item
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        if payload not in inner:
            return headers, b""
        if member.type_name in ("blob", "string"):
            return headers, inner[payload].encode()
        shape, inner, root_name = member, inner[payload], name_of(member, payload)
    else:
        root_name = f"{model.name}Result"
    if protocol == "rest-json":
        return headers, json.dumps(json_of(shape, inner)).encode()
    root = ElementTree.Element("")
    xml_of(root, shape, inner, root_name)
    return headers, ElementTree.tostring(root[0], encoding="utf-8")


def plain(value):
    """A parsed value as JSON that keeps times and bytes apart."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    return value


def serialized(serializer, model, parameters):
    request = serializer.serialize_to_request(parameters, model)
    target = request["url_path"]
    query = percent_encode_sequence(request["query_string"] or {})
    if query:
        target += ("&" if "?" in target else "?") + query
    body = request["body"]
    if isinstance(body, dict):
        body = percent_encode_sequence(body).encode()
    return {
        "method": request["method"],
        "target": target,
        "headers": {name.lower(): str(value) for name, value in request["headers"].items()},
        "prefix": request.get("host_prefix"),
        "body": base64.b64encode(body).decode(),
    }


def main():
    dice = random.Random(int(sys.argv[1]))
    values = Values(dice)
    session = botocore.session.get_session()
    for service in sys.argv[2:]:
        service_model = session.get_service_model(service)
        protocol = service_model.resolved_protocol
        serializer = create_serializer(protocol, include_validation=False)
        parser = create_parser(protocol)
        for name in service_model.operation_names:
            model = service_model.operation_model(name)
            if model.has_event_stream_input or model.has_event_stream_output:
                continue
            line = {"service": service, "operation": name, "protocol": protocol}
            parameters = {}
            if model.input_shape is not None:
                parameters = values.of(model.input_shape)
                wrong = values.spoil(parameters)
                if isinstance(wrong, dict):
                    line["wrong"] = wrong
                    line["report"] = ParamValidator().validate(wrong, model.input_shape).generate_report()
            line["parameters"] = parameters
            line["request"] = serialized(serializer, model, parameters)
            said = values.of(model.output_shape) if model.output_shape is not None else {}
            headers, body = answer(model, protocol, said)
            line["headers"] = headers
            line["body"] = base64.b64encode(body).decode()
            response = {"status_code": 200, "headers": HeadersDict(headers), "body": body, "context": {}}
            parsed = parser.parse(response, model.output_shape)
            payload = model.output_shape.serialization.get("payload") if model.output_shape else None
            if payload and model.output_shape.members[payload].type_name == "blob":
                parsed[payload] = parsed[payload].encode()
            line["parsed"] = plain(parsed)
            print(json.dumps(line))


main()
