#!/usr/bin/env python3
"""Runs the conformance cases against a host that serves the conformance app, and compares two such runs.

    drive.py run --base-url http://127.0.0.1:7071 --out DIR [--only TEXT ...] [--parallel 6] [--log HOST_LOG] [--rest 20]
    drive.py compare DIR_A DIR_B [--only TEXT ...] [--section client worker log] [--ignore FIELD ...] [--full]
    drive.py list

One JSON file per case: everything a client saw (`client`) and everything the worker was handed (`worker`), with instance
ids, times, ports, keys and paths replaced by placeholders. The standard library is all it needs. Cases are the functions
marked with @case in the files cases_*.py next to this one; `--cases FILE` adds another file of them.
"""

import argparse
import concurrent.futures
import hashlib
import http.client
import importlib.util
import json
import pathlib
import re
import sys
import threading
import time
import traceback
import urllib.parse
import uuid

HERE = pathlib.Path(__file__).parent
API = "/runtime/webhooks/durabletask"
ENDED = ("Completed", "Failed", "Terminated", "Canceled")
CASES: dict = {}
# Framing and the server's own name: no business of an app.
UNSEEN_HEADERS = {"date", "server", "transfer-encoding", "content-length", "connection", "keep-alive"}


def case(name: str, *, serial: bool = False, config: str = "main"):
    """serial: must not run beside others. config: which settings of the host it belongs to (see README)."""

    def register(function):
        assert name not in CASES, name
        CASES[name] = (function, serial, config)
        return function

    return register


class Answer:
    def __init__(self, status: int, headers: list, body: bytes):
        self.status, self.headers, self.raw = status, headers, body

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "backslashreplace")

    @property
    def json(self):
        try:
            return json.loads(self.raw)
        except ValueError:
            return None

    def header(self, name: str) -> str:
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")


class Client:
    """What a case works with. Every call that is given a label is recorded."""

    def __init__(self, name: str, base: str, run: str, log: pathlib.Path | None, rest: float):
        self.name, self.base, self.run, self.log_file, self.rest = name, base, run, log, rest
        self.url = urllib.parse.urlsplit(base)
        self.client: dict = {}
        self.worker: dict = {}
        self.log: list = []
        self.problems: list = []
        self.log_start = log.stat().st_size if log else 0

    # --- plain HTTP

    def send(self, method: str, path: str, body=None, headers=None, timeout: float = 100) -> Answer:
        if path.startswith("http"):
            parts = urllib.parse.urlsplit(path)
            path = parts.path + ("?" + parts.query if parts.query else "")
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if body is None and method in ("POST", "PUT", "PATCH"):
            headers.setdefault("Content-Length", "0")
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=timeout)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            if body is not None and "Content-Length" not in headers:
                headers["Content-Length"] = str(len(body))
            for name, value in headers.items():
                for one in value if isinstance(value, list) else [value]:
                    connection.putheader(name, one)
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def http(self, label: str, method: str, path: str, body=None, headers=None) -> Answer:
        try:
            answer = self.send(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.client[label] = {"no_answer": type(error).__name__}
            return Answer(0, [], b"")
        self.keep(label, answer)
        return answer

    def keep(self, label: str, answer: Answer) -> None:
        assert label not in self.client, label
        seen: dict = {}
        for name, value in answer.headers:
            if name.lower() not in UNSEEN_HEADERS:
                seen.setdefault(name.lower(), []).append(value)
        record = {"status": answer.status, "headers": {n: v[0] if len(v) == 1 else v for n, v in sorted(seen.items())}}
        if answer.raw:
            parsed = answer.json
            record["body"] = parsed if parsed is not None or answer.raw == b"null" else {"text": answer.text}
        self.client[label] = record

    # --- Durable Functions

    def id(self, suffix: str = "") -> str:
        return f"{self.name}-{self.run}{'-' + suffix if suffix else ''}"

    def api(self, label: str, method: str, path: str, body=None, headers=None, **query) -> Answer:
        text = urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})
        return self.http(label, method, f"{API}/{path}" + (f"?{text}" if text else ""), body, headers)

    def start(self, name: str, given=None, id: str | None = None, **query) -> str:
        """Starts one without recording it; `given` is its input."""
        instance = self.id() if id is None else id
        text = urllib.parse.urlencode(query)
        answer = self.send("POST", f"{API}/orchestrators/{name}/{instance}" + (f"?{text}" if text else ""), given)
        if answer.status != 202:
            self.client[f"start {instance} failed"] = {"status": answer.status, "body": answer.json or answer.text}
        return instance

    def script(self, *steps, id: str | None = None, **query) -> str:
        return self.start("script", {"steps": list(steps)}, id, **query)

    def peek(self, instance: str) -> dict:
        answer = self.send("GET", f"{API}/instances/{instance}?showInput=false")
        return answer.json or {}

    def until(self, test, what: str, seconds: float = 60):
        end = time.monotonic() + seconds
        while True:
            value = test()
            if value:
                return value
            if time.monotonic() > end:
                self.problems.append(f"waited in vain: {what}")
                return None
            time.sleep(0.25)

    def ended(self, instance: str, seconds: float = 60) -> dict | None:
        def look():
            status = self.peek(instance)
            return status if status.get("runtimeStatus") in ENDED else None

        return self.until(look, f"the end of {instance}", seconds)

    def running(self, instance: str, status: str = "Running", seconds: float = 30):
        return self.until(lambda: self.peek(instance).get("runtimeStatus") == status, f"{instance} {status}", seconds)

    def reached(self, instance: str, count: int, kind: str, seconds: float = 60):
        """Until the history holds so many events of that kind."""

        def look():
            got = self.send("GET", f"{API}/instances/{instance}?showHistory=true").json or {}
            return sum(e.get("EventType") == kind for e in got.get("historyEvents") or []) >= count

        return self.until(look, f"{count} {kind} in {instance}", seconds)

    def event(self, instance: str, name: str, data=None) -> None:
        self.send("POST", f"{API}/instances/{instance}/raiseEvent/{name}", data if data is not None else b"null", {"Content-Type": "application/json"})

    def status(self, label: str, instance: str, **query) -> Answer:
        return self.api(label, "GET", f"instances/{instance}", **query)

    def saw(self, key: str) -> list:
        """Records what the worker was handed for that instance or entity."""
        answer = self.send("GET", "/api/worker-saw/" + urllib.parse.quote(key, safe=""))
        self.worker[key] = answer.json
        return answer.json or []

    def finish(self, instance: str, label: str = "", seconds: float = 60, wait: bool = True) -> dict | None:
        """Waits for the end; records the status with its history, and what the worker was handed."""
        result = self.ended(instance, seconds) if wait else None
        prefix = f"{label} " if label else ""
        self.status(f"{prefix}status", instance)
        self.status(f"{prefix}full", instance, showHistory="true", showHistoryOutput="true", showInput="true")
        self.saw(instance)
        return result

    def sdk(self, label: str, method: str, *args, **kwargs) -> Answer:
        """A method of the SDK's client, called in the app."""
        return self.http(label, "POST", f"/api/client/{method}", {"args": list(args), "kwargs": kwargs})

    def logged(self, *texts: str) -> None:
        """Records what the host has logged about any of these texts since the case began."""
        if not self.log_file:
            return
        time.sleep(1.5)
        with self.log_file.open("rb") as file:
            file.seek(self.log_start)
            lines = file.read().decode("utf-8", "replace").splitlines()
        entries: list = []
        for line in lines:
            line = re.sub(r"\x1b\[[0-9;]*m", "", line)
            if re.match(r"(trce|dbug|info|warn|fail|crit): ", line) or not line.startswith(" "):
                entries.append(line)
            elif entries:
                entries[-1] += "\n" + line.removeprefix("      ")
        noise = ("SystemTraceMiddleware", "LanguageWorkerChannel", "Executing '", "info: Host.")
        wanted = [e for e in entries if any(t in e for t in texts) and not any(n in e for n in noise)]
        self.log += [e[:3000] for e in wanted if not re.match(r"info: Function\.[^.\n]*\[2\]", e)][:40]


# --- normalising ------------------------------------------------------------------------------------------------------

TIME = re.compile(r"(20(?:2[5-9]|[3-9]\d)-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
HTTP_DATE = re.compile(r"\b[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} 20(?:2[5-9]|3\d) \d\d:\d\d:\d\d GMT")
COUNTS = re.compile(r"(SequenceNumber: |Duration=|ScriptInvocationDuration=)\d+")
US_DATE = re.compile(r"\b\d{1,2}/\d{1,2}/20\d\d \d{1,2}:\d\d:\d\d( [AP]M)?( [+-]\d\d:\d\d)?")
GUID = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
HEX32 = re.compile(r"(?<![0-9a-fA-F])[0-9a-f]{32}(?![0-9a-fA-F])")
TRACE = re.compile(r"\b00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-9]\b")
CODE = re.compile(r"((?:[?&]|\b)code=)[A-Za-z0-9_=%-]{5,}")
ADDRESS = re.compile(r"0x[0-9a-f]{8,}")
KNOWN = re.compile(r"(The following are the known \w+ functions: )[^.]*\.")
BASE = re.compile(r"https?://(127\.0\.0\.1|localhost):\d+")
PY_FILE = re.compile(r'File \\*"[^"\n]*?([^/"\n\\]+\.py)\\*", line \d+')
NET_AT = re.compile(r"(?:\\r\\n|\\n|\r?\n)?[ ]{2,}at [A-Za-z_][^\n]*?(?=\\r\\n|\\n|\r?\n|\\?\"|$)")
NET_IN = re.compile(r" in /[^\s:]+:line \d+")
PY_STACK = re.compile(r"(  File <[^>]+>, in [^\n]+\n(?:    [^\n]*\n?)*)+")
PATH = re.compile(r"(?<![\w.])/(?:work|tmp|root|home|usr|opt)/[^\s\"'\\,:;)]*")
LONG = 3000


def _text(value: str, run: str, base: str) -> str:
    value = value.replace(run, "<run>")
    value = TRACE.sub("<traceparent>", value)
    value = CODE.sub(r"\1<key>", value)
    value = value.replace(base, "<base>")
    value = BASE.sub("<base>", value)
    value = TIME.sub(lambda m: f"<time{m[2].strip()}{'f' if m[4] else ''}{m[5] or ''}>", value)
    value = US_DATE.sub("<date>", value)
    value = HTTP_DATE.sub("<http date>", value)
    value = COUNTS.sub(r"\1<number>", value)
    value = GUID.sub("<guid>", value)
    value = HEX32.sub("<hex32>", value)
    value = PY_FILE.sub(r"File <\1>", value)
    value = PY_STACK.sub("<stack>", value)
    value = NET_AT.sub("<at>", value)
    value = re.sub(r"(<at>)+", "<at>", value)
    value = NET_IN.sub("", value)
    value = ADDRESS.sub("<address>", value)
    value = KNOWN.sub(r"\1<names>.", value)
    value = PATH.sub("<path>", value)
    value = re.sub(r"127\.0\.0\.1:\d+|localhost:\d+", "<host>", value)
    if len(value) > LONG:
        value = f"{value[:300]}<... {len(value)} characters, sha256 {hashlib.sha256(value.encode()).hexdigest()[:16]}>"
    return value


def normalised(value, run: str, base: str):
    if isinstance(value, str):
        return _text(value, run, base)
    if isinstance(value, list):
        return [normalised(v, run, base) for v in value]
    if isinstance(value, dict):
        made = {}
        for name, inner in value.items():
            if name in ("duration", "startTime", "executionStartTimeMs") and isinstance(inner, (int, float)):
                inner = "<number>"
            made[_text(name, run, base)] = normalised(inner, run, base)
        return made
    return value


# --- running ----------------------------------------------------------------------------------------------------------


def load_cases(extra: list) -> None:
    sys.modules.setdefault("drive", sys.modules[__name__])
    for path in [*sorted(HERE.glob("cases_*.py")), *map(pathlib.Path, extra)]:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def chosen(only: list, config: str) -> list:
    return [n for n, (_, _, c) in CASES.items() if c == config and (not only or any(t in n for t in only))]


def run_case(name: str, base: str, run: str, out: pathlib.Path, log: pathlib.Path | None, rest: float) -> str:
    c = Client(name, base, run, log, rest)
    started = time.monotonic()
    try:
        CASES[name][0](c)
    except Exception as error:  # a case that breaks is a finding, not the end of the run
        c.problems.append(f"{type(error).__name__}: {error}")
        traceback.print_exc()
    record = {"case": name, "problems": c.problems, "client": c.client, "worker": c.worker}
    if c.log:
        record["log"] = c.log
    record = normalised(record, run, base)
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (out / f"{name}.json").write_bytes(text.encode("utf-8", "backslashreplace"))
    return f"{name}: {time.monotonic() - started:.1f} s {' '.join(c.problems)}"


def run(options) -> None:
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    names = chosen(options.only, options.config)
    label = "r" + uuid.uuid4().hex[:7]
    log = pathlib.Path(options.log) if options.log else None
    lock = threading.Lock()

    def one(name: str) -> None:
        line = run_case(name, options.base_url.rstrip("/"), label, out, log, options.rest)
        with lock:
            print(line, flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        list(pool.map(one, [n for n in names if not CASES[n][1]]))
    for name in names:
        if CASES[name][1]:
            one(name)


# --- comparing --------------------------------------------------------------------------------------------------------


def differences(a, b, path: str = ""):
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted({*a, *b}):
            here = f"{path}/{name}"
            if name not in a:
                yield here, "<absent>", b[name]
            elif name not in b:
                yield here, a[name], "<absent>"
            else:
                yield from differences(a[name], b[name], here)
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            yield f"{path}/length", len(a), len(b)
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{path}[{i}]")
    elif type(a) is not type(b) or a != b:
        yield path, a, b


def without(value, names: set):
    if isinstance(value, dict):
        return {n: without(v, names) for n, v in value.items() if n not in names}
    return [without(v, names) for v in value] if isinstance(value, list) else value


def compare(options) -> None:
    a, b = pathlib.Path(options.a), pathlib.Path(options.b)
    ignored = set(options.ignore)
    equal = different = 0
    for file in sorted(a.glob("*.json")):
        if options.only and not any(t in file.stem for t in options.only):
            continue
        if not (b / file.name).exists():
            print(f"=== {file.stem}: absent in {b}")
            continue
        one, other = json.loads(file.read_text()), json.loads((b / file.name).read_text())
        found = []
        for section in options.section:
            found += differences(without(one.get(section), ignored), without(other.get(section), ignored), section)
        if not found:
            equal += 1
            continue
        different += 1
        print(f"=== {file.stem}: {len(found)} differences")
        for path, x, y in found if options.full else found[:12]:
            cut = (lambda v: json.dumps(v, ensure_ascii=False)) if options.full else (lambda v: json.dumps(v, ensure_ascii=False)[:220])
            print(f"  {path}\n    A {cut(x)}\n    B {cut(y)}")
    print(f"{equal} equal, {different} different")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", action="append", default=[], help="another file of cases")
    commands = parser.add_subparsers(dest="command", required=True)
    r = commands.add_parser("run")
    r.add_argument("--base-url", required=True)
    r.add_argument("--out", required=True)
    r.add_argument("--only", nargs="*", default=[])
    r.add_argument("--parallel", type=int, default=6)
    r.add_argument("--config", default="main")
    r.add_argument("--rest", type=float, default=20, help="seconds after a case that ends the worker; a host gives up when that happens often")
    r.add_argument("--log", help="the host's console output, for what it logs")
    c = commands.add_parser("compare")
    c.add_argument("a")
    c.add_argument("b")
    c.add_argument("--only", nargs="*", default=[])
    c.add_argument("--section", nargs="*", default=["problems", "client"])
    c.add_argument("--ignore", nargs="*", default=[], help="names of fields that are left out wherever they stand")
    c.add_argument("--full", action="store_true", help="all differences of a case, uncut")
    commands.add_parser("list")
    options = parser.parse_args()
    load_cases(options.cases)
    if options.command == "run":
        run(options)
    elif options.command == "compare":
        compare(options)
    else:
        print("\n".join(f"{n}{' (serial)' if s else ''}{'' if g == 'main' else f' [{g}]'}" for n, (_, s, g) in CASES.items()))


if __name__ == "__main__":
    main()
