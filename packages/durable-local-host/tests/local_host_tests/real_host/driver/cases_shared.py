"""The cases. A host that is like the recorded one gives the same answers."""

import json
import time
import urllib.parse

from drive import API, case


ECHO = {"activity": "echo"}


def act(name, given=None, **more):
    return {"activity": name, "input": given, **more}


@case("chain")
def _(c):
    c.finish(c.start("chain"))


@case("no-yield")
def _(c):
    c.finish(c.start("no_yield", {"a": [1, None]}))


@case("no-input")
def _(c):
    c.finish(c.start("no_yield"))


@case("start-without-length")
def _(c):
    """A POST without a body and without a Content-Length, which is what `curl -X POST` sends."""
    c.api("start", "POST", f"orchestrators/chain/{c.id()}", None, {"Content-Length": []})
    c.finish(c.id())
    c.logged(c.id())


@case("returns-nothing")
def _(c):
    c.finish(c.start("returns_nothing"))


@case("fan-out")
def _(c):
    c.finish(c.script({"all": [act("echo", n) for n in range(5)]}))


@case("fan-out-with-failures")
def _(c):
    c.finish(c.script({"all": [act("echo", 0), act("boom"), act("echo", 2), act("boom", {"kind": "own"})]}))


@case("any-of-activities")
def _(c):
    c.finish(c.script({"race": [act("slow", {"seconds": 4}), act("echo", "quick")]}))


@case("odd-outputs-refused")
def _(c):
    for kind in ("datetime", "set", "object"):
        c.finish(c.start("odd_output", {"kind": kind}, c.id(kind)), kind)


@case("activity-results")
def _(c):
    kinds = ("none", "tuple", "int_keys", "date_text", "text", "empty_text", "json_text", "type_key", "false", "zero", "empty_list")
    c.finish(c.script(*(act("odd_result", {"kind": k}) for k in kinds)))


@case("activity-results-numbers")
def _(c):
    c.finish(c.script(*(act("odd_result", {"kind": k}) for k in ("nan", "infinity", "big_int"))))


@case("activity-results-refused")
def _(c):
    c.finish(c.script(*(act("odd_result", {"kind": k}) for k in ("datetime", "bytes", "set", "object"))))


@case("async-and-client-activities")
def _(c):
    i = c.script(act("async_echo", {"a": 1}), act("activity_with_client", {"instance": c.id()}))
    c.finish(i)


@case("input-text")
def _(c):
    for label, body in (("array", b"[1, 2]"), ("text", b'"text"'), ("number", b"7"), ("spaces", b' { "a" :  1 } '), ("null", b"null"), ("date", b'"2024-02-29T12:30:00Z"'), ("float", b"1.0"), ("big", b"123456789012345678901234567890")):
        c.api(f"{label} start", "POST", f"orchestrators/gets_input/{c.id(label)}", body, {"Content-Type": "application/json"})
        c.finish(c.id(label), label)


@case("activity-error-handled")
def _(c):
    c.finish(c.script(*(act("boom", {"kind": k}) for k in ("value", "own", "key"))))
    c.logged(c.id())


@case("activity-error-long")
def _(c):
    c.finish(c.script(act("boom", {"kind": "long"})))


@case("activity-error-uncaught")
def _(c):
    c.finish(c.start("lets_activity_error_through", {"kind": "own"}))
    c.status("500 wanted", c.id(), returnInternalServerErrorOnFailure="true")
    c.status("500 wanted, history", c.id(), returnInternalServerErrorOnFailure="true", showHistory="true")
    c.sdk("by the client", "get_status", c.id())
    c.logged(c.id())


@case("orchestrator-raises-at-once")
def _(c):
    c.finish(c.start("raises_at_once", {"a": 1}))
    c.logged(c.id())


@case("orchestrator-raises-later")
def _(c):
    c.finish(c.start("raises_later"))
    c.logged(c.id())


@case("unknown-activity")
def _(c):
    c.finish(c.script(act("no_such_activity", 1)), seconds=20)
    c.logged(c.id(), "no_such_activity")


@case("disabled-activity")
def _(c):
    c.finish(c.script(act("disabled_activity", 1)), seconds=20)


@case("unknown-orchestrator")
def _(c):
    c.api("start", "POST", f"orchestrators/no_such_orchestrator/{c.id()}", {"a": 1})
    c.finish(c.id(), seconds=20)
    c.sdk("by the client", "start_new", "no_such_orchestrator", c.id("sdk"), {"a": 1})
    c.finish(c.id("sdk"), "sdk", seconds=20)
    c.logged(c.id(), "no_such_orchestrator")


@case("unknown-sub-orchestrator")
def _(c):
    c.finish(c.script({"sub": "no_such_orchestrator", "input": 1}), seconds=20)


@case("unknown-entity")
def _(c):
    c.finish(c.script({"call_entity": "no_such_entity@k", "op": "x"}), seconds=20)


@case("names-and-their-case")
def _(c):
    c.finish(c.script(act("ECHO", 1), act("renamed_activity"), {"sub": "renamed_orchestrator"}, {"sub": "NO_YIELD", "input": 1}), seconds=30)
    c.api("start in capitals", "POST", f"orchestrators/CHAIN/{c.id('caps')}")
    c.finish(c.id("caps"), "capitals")


INFO = {"steps": [{"info": 1}]}


@case("sub-without-id")
def _(c):
    i = c.script({"sub": "script", "input": INFO}, {"sub": "script", "input": INFO})
    c.finish(i)


@case("sub-with-id")
def _(c):
    i = c.script({"sub": "script", "input": INFO, "instance_id": c.id("child")})
    c.finish(i)
    c.finish(c.id("child"), "child")


@case("sub-fails-handled")
def _(c):
    i = c.script({"sub": "raises_later", "instance_id": c.id("child")})
    c.finish(i)
    c.finish(c.id("child"), "child")


@case("sub-fails-uncaught")
def _(c):
    i = c.script({"sub": "script", "input": {"steps": [act("boom", uncaught=True)]}, "instance_id": c.id("child"), "uncaught": True})
    c.finish(i)
    c.finish(c.id("child"), "child")


@case("sub-fan-out")
def _(c):
    c.finish(c.script({"all": [{"sub": "no_yield", "input": n} for n in range(3)]}))


@case("sub-id-of-a-running")
def _(c):
    c.script({"event": "never"}, id=c.id("child"))
    c.running(c.id("child"))
    c.finish(c.script({"sub": "no_yield", "input": 2, "instance_id": c.id("child")}), seconds=15)
    c.status("child", c.id("child"))


@case("sub-with-retry")
def _(c):
    i = c.script({"sub": "script", "input": {"steps": [act("flaky", {"key": c.id(), "failures": 2}, uncaught=True)]}, "retry": {"first_ms": 500, "attempts": 3}})
    c.finish(i)


@case("timer")
def _(c):
    c.finish(c.script({"timer": 1}, {"timer": 0}, {"timer": -5}))


@case("timer-wins-race")
def _(c):
    c.finish(c.script({"race": [{"timer": 1}, {"event": "never"}]}, act("echo", "after")))


@case("event-wins-race")
def _(c):
    i = c.script({"race": [{"timer": 30}, {"event": "go"}]}, act("echo", "after"))
    c.running(i)
    c.event(i, "go", {"n": 1})
    c.finish(i)


@case("race-of-failures")
def _(c):
    c.finish(c.script({"any": [act("boom"), {"timer": 6}]}, act("echo", "after")))


@case("raise-with-timer-open")
def _(c):
    c.finish(c.script({"any": [act("echo", 1), {"timer": 12}]}, {"raise": "while a timer is open"}), seconds=30)


@case("timer-left-open")
def _(c):
    i = c.script({"any": [{"timer": 40}, act("echo", 1)]}, {"return": "done"})
    c.finish(i)


@case("timer-long")
def _(c):
    i = c.script({"race": [{"timer": 10 * 86400}, {"event": "go"}]})
    c.reached(i, 1, "TimerCreated", 5)
    c.status("running", i, showHistory="true", showHistoryOutput="true", showInput="true")
    c.event(i, "go", 1)
    c.finish(i, seconds=20)


@case("event-after-wait")
def _(c):
    i = c.script({"event": "go"})
    c.running(i)
    c.api("raise", "POST", f"instances/{i}/raiseEvent/go", {"a": [1, "x", None]})
    c.finish(i)


@case("event-before-wait")
def _(c):
    i = c.script({"timer": 4}, {"event": "go"})
    c.running(i)
    c.api("raise", "POST", f"instances/{i}/raiseEvent/go", "early")
    c.finish(i)


@case("event-early-one-two-waits")
def _(c):
    i = c.script({"timer": 4}, {"event": "go"}, act("echo", "between"), {"event": "go"})
    c.running(i)
    c.event(i, "go", "one")
    c.finish(i, seconds=20)


@case("event-twice")
def _(c):
    i = c.script({"event": "go"}, act("echo", "between"), {"event": "go"})
    c.running(i)
    c.event(i, "go", 1)
    time.sleep(3)
    c.event(i, "go", 2)
    c.finish(i)


@case("event-nobody-waits-for")
def _(c):
    i = c.script({"event": "go"})
    c.running(i)
    c.event(i, "other", "ignored")
    time.sleep(2)
    c.event(i, "go", "taken")
    c.finish(i)


@case("event-payloads")
def _(c):
    bodies = [("object", b'{"b": 1, "a": 2}'), ("text", b'"text"'), ("number", b"1.50"), ("null", b"null"), ("true", b"true"), ("array", b"[1, [2]]"), ("json in text", b'"{\\"a\\": 1}"'), ("date", b'"2024-02-29T12:30:00Z"'), ("number in text", b'"12"'), ("empty text", b'""')]
    i = c.script(*({"event": f"e{n}"} for n in range(len(bodies))))
    c.running(i)
    for n, (label, body) in enumerate(bodies):
        c.api(label, "POST", f"instances/{i}/raiseEvent/e{n}", body, {"Content-Type": "application/json"})
    c.finish(i)


@case("event-bodies-refused")
def _(c):
    i = c.script({"event": "go"})
    c.running(i)
    c.api("not json", "POST", f"instances/{i}/raiseEvent/x1", b"{broken", {"Content-Type": "application/json"})
    c.api("text/plain", "POST", f"instances/{i}/raiseEvent/x2", b"plain", {"Content-Type": "text/plain"})
    c.api("no content type", "POST", f"instances/{i}/raiseEvent/x3", b'"x"')
    c.api("empty body", "POST", f"instances/{i}/raiseEvent/x4", b"", {"Content-Type": "application/json"})
    c.api("no body at all", "POST", f"instances/{i}/raiseEvent/x5")
    c.api("json charset", "POST", f"instances/{i}/raiseEvent/x6", '"ü"'.encode("latin-1"), {"Content-Type": "application/json; charset=latin-1"})
    c.api("no name", "POST", f"instances/{i}/raiseEvent")
    c.api("GET", "GET", f"instances/{i}/raiseEvent/go")
    c.event(i, "go", 1)
    c.finish(i)


@case("event-by-client")
def _(c):
    i = c.script({"event": "a"}, {"event": "b"}, {"event": "c"})
    c.running(i)
    c.sdk("object", "raise_event", i, "a", {"x": 1})
    c.sdk("text", "raise_event", i, "b", "text")
    c.sdk("none", "raise_event", i, "c")
    c.finish(i)


@case("event-to-unknown-and-ended")
def _(c):
    c.api("unknown", "POST", f"instances/{c.id('none')}/raiseEvent/go", 1)
    c.sdk("unknown by client", "raise_event", c.id("none"), "go", 1)
    i = c.start("no_yield")
    c.ended(i)
    c.api("ended", "POST", f"instances/{i}/raiseEvent/go", 1)
    c.sdk("ended by client", "raise_event", i, "go", 1)
    f = c.start("raises_at_once", None, c.id("failed"))
    c.ended(f)
    c.api("failed", "POST", f"instances/{f}/raiseEvent/go", 1)


@case("event-before-first-episode")
def _(c):
    i = c.script({"event": "go"})
    c.api("raise at once", "POST", f"instances/{i}/raiseEvent/go", "at once")
    c.finish(i)


@case("retry-until-success")
def _(c):
    c.finish(c.script(act("flaky", {"key": c.id(), "failures": 2}, retry={"first_ms": 1000, "attempts": 5})))


@case("retry-exhausted")
def _(c):
    c.finish(c.script(act("flaky", {"key": c.id(), "failures": 9}, retry={"first_ms": 500, "attempts": 3})))


@case("retry-once-means-never")
def _(c):
    c.finish(c.script(act("flaky", {"key": c.id(), "failures": 9}, retry={"first_ms": 500, "attempts": 1})))


@case("retry-fan-out")
def _(c):
    c.finish(c.script({"all": [act("flaky", {"key": c.id(str(n)), "failures": n}, retry={"first_ms": 500, "attempts": 4}) for n in range(3)]}))


@case("custom-status")
def _(c):
    for n, status in enumerate(["text", {"a": [1, None]}, 7, None, '{"json": "in text"}', "2024-02-29T12:30:00Z", True]):
        i = c.script({"status": status}, {"event": "go"}, id=c.id(str(n)))
        c.running(i)
        c.until(lambda: c.peek(i).get("customStatus") is not None or status is None, "custom status", 10)
        c.status(f"{n} running", i)
        c.event(i, "go")
        c.ended(i)
        c.status(f"{n} ended", i)
        c.saw(i)


@case("custom-status-changes")
def _(c):
    i = c.script({"status": "one"}, act("echo", 1), {"status": "two"}, act("echo", 2), {"status": "three"})
    c.finish(i)


@case("custom-status-large")
def _(c):
    for size in (3_000, 8_180, 8_200, 20_000):
        i = c.script({"big_status": size}, act("echo", 1), id=c.id(str(size)))
        c.finish(i, str(size), seconds=20)


@case("continue-as-new")
def _(c):
    c.start("continues_once", {"n": 0, "until": 2})
    c.until(lambda: c.peek(c.id()).get("runtimeStatus") == "Completed", "completion")
    c.finish(c.id())


@case("continue-as-new-events")
def _(c):
    i = c.start("counts_on", {"want": 4, "got": []})
    c.running(i)
    for n in range(4):
        c.event(i, "bump", n)
    c.finish(i)


@case("continue-as-new-events-spaced")
def _(c):
    i = c.start("counts_on", {"want": 3, "got": []})
    c.running(i)
    for n in range(3):
        c.event(i, "bump", n)
        time.sleep(3)
    c.finish(i)


@case("continue-as-new-null")
def _(c):
    i = c.script({"continue": {"steps": [{"return": "second"}]}})
    c.finish(i)


@case("continue-as-new-from-sub")
def _(c):
    c.finish(c.script({"sub": "continues_once", "input": {"n": 0, "until": 1}}))


@case("context-info")
def _(c):
    c.finish(c.script({"info": 1}))


@case("uuids")
def _(c):
    c.finish(c.script({"uuids": 1}))


@case("clock")
def _(c):
    c.finish(c.start("clock"))


@case("replay-flags")
def _(c):
    c.finish(c.start("replay_flags"))


@case("versions")
def _(c):
    for label, query in (("none", {}), ("same", {"version": "1.0"}), ("older", {"version": "0.9"}), ("newer", {"version": "2.0"}), ("empty", {"version": ""}), ("odd", {"version": "abc"}), ("patch", {"version": "1.0.1"})):
        i = c.script({"info": 1}, id=c.id(label), **query)
        c.finish(i, label, seconds=15)
    c.logged(c.id("newer"))


@case("versions-by-client")
def _(c):
    for version in ("0.5", "1.0", ""):
        c.sdk(f"start {version!r}", "start_new", "script", c.id(version or "empty"), INFO, version=version)
        c.finish(c.id(version or "empty"), repr(version), seconds=15)


@case("version-of-sub-newer")
def _(c):
    c.finish(c.script({"sub": "script", "input": INFO, "version": "3.0", "instance_id": c.id("child")}), seconds=15)
    c.finish(c.id("child"), "child", wait=False)


@case("start-answers")
def _(c):
    c.api("with id", "POST", f"orchestrators/no_yield/{c.id()}", 1)
    c.api("without id", "POST", "orchestrators/no_yield", 1)
    c.api("slash at the end", "POST", "orchestrators/no_yield/", 1)
    c.api("broken body", "POST", f"orchestrators/no_yield/{c.id('b')}", b"{broken", {"Content-Type": "application/json"})
    c.api("text/plain", "POST", f"orchestrators/no_yield/{c.id('t')}", b'{"a": 1}', {"Content-Type": "text/plain"})
    c.api("plain text", "POST", f"orchestrators/no_yield/{c.id('p')}", b"just text", {"Content-Type": "text/plain"})
    c.api("no function name", "POST", "orchestrators", 1)
    c.api("GET", "GET", f"orchestrators/no_yield/{c.id('g')}")
    c.api("too long a path", "POST", f"orchestrators/no_yield/{c.id('x')}/more")


@case("start-ids")
def _(c):
    for label, text in (("at", "@" + c.id()), ("slash", c.id("a%2Fb")), ("hash", c.id("a%23b")), ("question", c.id("a%3Fb")), ("backslash", c.id("a%5Cb")), ("space", c.id("a%20b")), ("unicode", c.id("%C3%BC")), ("percent", c.id("a%25b")), ("colon", c.id("a:b")), ("long", c.id("l" * 100)), ("longer", c.id("l" * 250)), ("control", c.id("a%01b")), ("plus", c.id("a+b"))):
        answer = c.api(label, "POST", f"orchestrators/no_yield/{text}", 1)
        if answer.status == 202:
            instance = answer.json["id"]
            c.until(lambda: (c.send("GET", f"{API}/instances/{urllib.parse.quote(instance, safe='')}").json or {}).get("runtimeStatus") == "Completed", f"end of {label}", 10)
            c.api(f"{label} status", "GET", f"instances/{urllib.parse.quote(instance, safe='')}")


@case("start-again-running")
def _(c):
    i = c.script({"event": "go"})
    c.running(i)
    c.api("http", "POST", f"orchestrators/no_yield/{i}", 1)
    c.sdk("client", "start_new", "no_yield", i, 1)
    c.status("still", i)


@case("start-again-completed")
def _(c):
    i = c.start("no_yield", "first")
    c.ended(i)
    c.api("http", "POST", f"orchestrators/no_yield/{i}", "second")
    c.until(lambda: c.peek(i).get("output") == {"input": "second"}, "second run", 15)
    c.finish(i)


@case("start-again-terminated")
def _(c):
    i = c.script({"event": "go"})
    c.running(i)
    c.send("POST", f"{API}/instances/{i}/terminate?reason=x")
    c.ended(i)
    c.api("http", "POST", f"orchestrators/no_yield/{i}", "second")
    c.until(lambda: c.peek(i).get("runtimeStatus") == "Completed", "second run", 15)
    c.status("after", i)


@case("start-again-suspended")
def _(c):
    i = c.script({"event": "go"})
    c.running(i)
    c.send("POST", f"{API}/instances/{i}/suspend?reason=x")
    c.running(i, "Suspended")
    c.api("http", "POST", f"orchestrators/no_yield/{i}", "second")
    c.status("after", i)


@case("start-twice-at-once")
def _(c):
    plan = {"steps": [{"event": "go"}]}
    c.client["statuses"] = [c.send("POST", f"{API}/orchestrators/script/{c.id()}", plan).status for _ in range(3)]
    c.running(c.id())
    c.event(c.id(), "go", 1)
    c.finish(c.id())


@case("start-and-wait")
def _(c):
    c.api("completes", "POST", f"orchestrators/chain/{c.id('ok')}", timeout=15, pollingInterval=1)
    c.api("fails", "POST", f"orchestrators/raises_at_once/{c.id('bad')}", timeout=15, pollingInterval=1)
    c.api("fails, 500 wanted", "POST", f"orchestrators/raises_at_once/{c.id('bad5')}", timeout=15, pollingInterval=1, returnInternalServerErrorOnFailure="true")
    c.api("too slow", "POST", f"orchestrators/script/{c.id('slow')}", {"steps": [{"event": "never"}]}, timeout=2, pollingInterval=1)
    c.api("interval above timeout", "POST", f"orchestrators/chain/{c.id('i')}", timeout=1, pollingInterval=5)
    c.api("no number", "POST", f"orchestrators/chain/{c.id('n')}", timeout="soon", pollingInterval=1)


@case("start-by-client")
def _(c):
    c.sdk("with id", "start_new", "no_yield", c.id(), {"a": 1})
    c.finish(c.id())
    c.sdk("without id", "start_new", "no_yield")
    c.sdk("bad id", "start_new", "no_yield", "@" + c.id())
    c.http("check status", "POST", "/api/start/no_yield?id=" + c.id("s"), {"a": 1})


@case("suspend-and-resume")
def _(c):
    i = c.script({"event": "a"}, {"event": "b"})
    c.running(i)
    c.api("suspend", "POST", f"instances/{i}/suspend", reason="hold it")
    c.running(i, "Suspended")
    c.status("suspended", i, showHistory="true", showHistoryOutput="true", showInput="true")
    c.event(i, "a", "while suspended")
    time.sleep(3)
    c.status("suspended with event", i)
    c.api("resume", "POST", f"instances/{i}/resume", reason="go on")
    c.running(i)
    c.event(i, "b", "after")
    c.finish(i)


@case("suspend-by-client")
def _(c):
    i = c.script({"event": "a"})
    c.running(i)
    c.sdk("suspend", "suspend", i, "two words & more")
    c.running(i, "Suspended")
    c.sdk("status by client", "get_status", i)
    c.sdk("resume", "resume", i, "on")
    c.running(i)
    c.event(i, "a")
    c.finish(i)


@case("suspend-twice-resume-twice")
def _(c):
    i = c.script({"event": "a"})
    c.running(i)
    c.api("suspend", "POST", f"instances/{i}/suspend")
    c.running(i, "Suspended")
    c.api("suspend again", "POST", f"instances/{i}/suspend")
    c.api("resume", "POST", f"instances/{i}/resume")
    c.running(i)
    c.api("resume again", "POST", f"instances/{i}/resume")
    time.sleep(2)
    c.event(i, "a")
    c.finish(i)


@case("control-of-unknown")
def _(c):
    for verb in ("terminate", "suspend", "resume", "rewind", "restart"):
        c.api(verb, "POST", f"instances/{c.id()}/{verb}", reason="x")
        if verb != "restart":
            c.sdk(f"{verb} by client", verb, c.id(), "x")
    c.sdk("restart by client", "restart", c.id())
    c.api("purge", "DELETE", f"instances/{c.id()}")
    c.sdk("purge by client", "purge_instance_history", c.id())


@case("control-of-completed")
def _(c):
    i = c.start("no_yield", 1)
    c.ended(i)
    for verb in ("terminate", "suspend", "resume", "rewind"):
        c.api(verb, "POST", f"instances/{i}/{verb}", reason="x")
        c.sdk(f"{verb} by client", verb, i, "x")
    c.status("after", i)


@case("control-of-failed")
def _(c):
    i = c.start("raises_at_once", 1)
    c.ended(i)
    for verb in ("terminate", "suspend", "resume"):
        c.api(verb, "POST", f"instances/{i}/{verb}", reason="x")
    c.status("after", i)


@case("terminate-running")
def _(c):
    i = c.script({"event": "never"})
    c.running(i)
    c.api("terminate", "POST", f"instances/{i}/terminate", reason="enough & more")
    c.finish(i)
    c.api("again", "POST", f"instances/{i}/terminate", reason="x")
    c.sdk("status by client", "get_status", i)


@case("terminate-without-reason")
def _(c):
    i = c.script({"event": "never"})
    c.running(i)
    c.api("terminate", "POST", f"instances/{i}/terminate")
    c.finish(i)


@case("terminate-by-client")
def _(c):
    i = c.script({"event": "never"})
    c.running(i)
    c.sdk("terminate", "terminate", i, "by client")
    c.finish(i)


@case("terminate-parent")
def _(c):
    i = c.script({"sub": "script", "input": {"steps": [{"event": "never"}]}, "instance_id": c.id("child")})
    c.running(c.id("child"))
    c.api("terminate", "POST", f"instances/{i}/terminate", reason="all of it")
    c.finish(i)
    time.sleep(5)
    c.status("child", c.id("child"))


@case("terminate-with-activity-under-way")
def _(c):
    i = c.script(act("slow", {"seconds": 5}), act("echo", "never"))
    c.running(i)
    c.api("terminate", "POST", f"instances/{i}/terminate", reason="now")
    c.ended(i)
    time.sleep(7)
    c.finish(i)


@case("rewind-failed-activity")
def _(c):
    i = c.start("fixable", {"key": c.id()})
    c.ended(i)
    c.status("failed", i, showHistory="true", showHistoryOutput="true")
    c.send("POST", f"/api/say/mended-{c.id()}/yes")
    c.api("rewind", "POST", f"instances/{i}/rewind", reason="mended")
    c.until(lambda: c.peek(i).get("runtimeStatus") == "Completed", "completion", 20)
    c.finish(i)


@case("rewind-in-vain")
def _(c):
    i = c.start("fixable", {"key": c.id()})
    c.ended(i)
    c.sdk("rewind", "rewind", i, "hope")
    time.sleep(6)
    c.finish(i)


@case("rewind-running-and-others")
def _(c):
    i = c.script({"event": "never"})
    c.running(i)
    c.api("running", "POST", f"instances/{i}/rewind", reason="x")
    c.sdk("running by client", "rewind", i, "x")
    c.send("POST", f"{API}/instances/{i}/terminate?reason=x")
    c.ended(i)
    c.api("terminated", "POST", f"instances/{i}/rewind", reason="x")
    f = c.start("raises_at_once", None, c.id("f"))
    c.ended(f)
    c.api("raised itself", "POST", f"instances/{f}/rewind", reason="x")
    time.sleep(5)
    c.finish(f, "raised itself", seconds=10)


@case("restart")
def _(c):
    i = c.start("no_yield", {"a": 1})
    c.ended(i)
    answer = c.api("new id", "POST", f"instances/{i}/restart")
    new = answer.json if isinstance(answer.json, str) else (answer.json or {}).get("id")
    if new:
        c.ended(new)
        c.status("new status", new, showHistory="true", showHistoryOutput="true", showInput="true")
    c.api("same id", "POST", f"instances/{i}/restart", restartWithNewInstanceId="false")
    time.sleep(4)
    c.finish(i)
    c.sdk("by client, new id", "restart", i)
    c.sdk("by client, same id", "restart", i, False)


@case("restart-running")
def _(c):
    i = c.script({"event": "never"})
    c.running(i)
    c.api("same id", "POST", f"instances/{i}/restart", restartWithNewInstanceId="false")
    c.api("new id", "POST", f"instances/{i}/restart", restartWithNewInstanceId="true")
    c.api("no boolean", "POST", f"instances/{i}/restart", restartWithNewInstanceId="maybe")
    c.status("after", i)


@case("purge-one")
def _(c):
    i = c.start("no_yield", 1)
    c.ended(i)
    c.api("purge", "DELETE", f"instances/{i}")
    c.api("again", "DELETE", f"instances/{i}")
    c.status("after", i)
    j = c.start("no_yield", 1, c.id("j"))
    c.ended(j)
    c.sdk("by client", "purge_instance_history", j)


@case("purge-parent")
def _(c):
    i = c.script({"sub": "no_yield", "input": 1, "instance_id": c.id("child")})
    c.ended(i)
    c.api("purge", "DELETE", f"instances/{i}")
    c.status("child after", c.id("child"))


@case("purge-by-filter", serial=True)
def _(c):
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    time.sleep(2)
    for n in range(3):
        c.start("no_yield", n, c.id(str(n)))
    c.start("raises_at_once", None, c.id("f"))
    c.script({"event": "never"}, id=c.id("running"))
    c.running(c.id("running"))
    c.ended(c.id("f"))
    for n in range(3):
        c.ended(c.id(str(n)))
    c.api("no filter at all", "DELETE", "instances")
    c.api("bad time", "DELETE", "instances", createdTimeFrom="yesterday")
    c.api("failed only", "DELETE", "instances", createdTimeFrom=before, runtimeStatus="Failed")
    c.api("completed", "DELETE", "instances/", createdTimeFrom=before, runtimeStatus="Completed,Terminated")
    c.api("nothing left", "DELETE", "instances", createdTimeFrom=before, runtimeStatus="Completed")
    c.api("running", "DELETE", "instances", createdTimeFrom=before, runtimeStatus="Running")
    c.status("running after", c.id("running"))


@case("purge-by-client", serial=True)
def _(c):
    before = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    time.sleep(2)
    c.start("no_yield", 1)
    c.ended(c.id())
    c.sdk("none before the beginning", "purge_instance_history_by")


@case("status-variants")
def _(c):
    i = c.script({"status": {"s": 1}}, act("echo", {"secret": 1}), {"event": "go"}, {"sub": "no_yield", "input": "in"})
    c.running(i)
    c.reached(i, 1, "TaskCompleted")
    c.event(i, "go", "event data")
    c.ended(i)
    for history in ("true", "false"):
        for output in ("true", "false"):
            for given in ("true", "false"):
                c.status(f"history {history}, output {output}, input {given}", i, showHistory=history, showHistoryOutput=output, showInput=given)
    c.status("history only", i, showHistory="true")
    c.status("capitals", i, SHOWHISTORY="True", showhistoryoutput="TRUE")
    c.status("no booleans", i, showHistory="1", showInput="0")
    c.sdk("client", "get_status", i)
    c.sdk("client, all", "get_status", i, True, True, True)


@case("status-unknown")
def _(c):
    c.status("unknown", c.id())
    c.sdk("client", "get_status", c.id())
    c.api("entity id", "GET", "instances/@counter@none")


@case("status-of-each")
def _(c):
    i = c.script({"event": "go"})
    c.running(i)
    c.status("running", i)
    c.send("POST", f"{API}/instances/{i}/suspend?reason=x")
    c.running(i, "Suspended")
    c.status("suspended", i)
    c.send("POST", f"{API}/instances/{i}/terminate?reason=x")
    c.ended(i)
    c.status("terminated", i)
    c.status("terminated, 500 wanted", i, returnInternalServerErrorOnFailure="true")
    c.status("bad boolean", i, returnInternalServerErrorOnFailure="perhaps")


def _some(c):
    for n in range(5):
        c.start("no_yield", n, c.id(f"n{n}"))
    c.start("raises_at_once", None, c.id("f"))
    c.script({"event": "never"}, id=c.id("r"))
    for n in range(5):
        c.ended(c.id(f"n{n}"))
    c.ended(c.id("f"))
    c.running(c.id("r"))


def _ids(answer):
    return sorted(i.get("instanceId") for i in answer.json) if isinstance(answer.json, list) else answer.json


@case("list-filters")
def _(c):
    _some(c)
    p = c.id()
    c.api("prefix", "GET", "instances", instanceIdPrefix=p)
    c.api("prefix, no input", "GET", "instances", instanceIdPrefix=p, showInput="false", runtimeStatus="Completed")
    for status in ("Completed", "Failed", "completed", "Running,Failed", "Bogus", "Pending", "Terminated", "0", "Running, Failed"):
        answer = c.send("GET", f"{API}/instances?{urllib.parse.urlencode({'instanceIdPrefix': p, 'runtimeStatus': status})}")
        c.client[f"runtimeStatus {status}"] = {"status": answer.status, "ids": _ids(answer)}
    past, future = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    for label, query in (("from past", {"createdTimeFrom": past}), ("from future", {"createdTimeFrom": future}), ("to past", {"createdTimeTo": past}), ("to future", {"createdTimeTo": future}), ("no time", {"createdTimeFrom": "soon"}), ("prefix of none", {"instanceIdPrefix": c.id("none")})):
        answer = c.send("GET", f"{API}/instances?{urllib.parse.urlencode({'instanceIdPrefix': p, **query})}")
        c.client[label] = {"status": answer.status, "ids": _ids(answer)}
    c.sdk("client by prefix", "get_status_by", instance_id_prefix=p)
    c.sdk("client by prefix and status", "get_status_by", instance_id_prefix=p, runtime_status=["Failed"])


@case("list-all-shape")
def _(c):
    i = c.script({"status": {"a": 1}}, {"event": "go"})
    c.running(i)
    answer = c.send("GET", f"{API}/instances?instanceIdPrefix={i}")
    c.keep("one", answer)
    answer = c.send("GET", f"{API}/instances/?instanceIdPrefix={i}&showInput=true")
    c.keep("with slash", answer)


@case("wait-for-completion")
def _(c):
    a = c.start("chain", None, c.id("ok"))
    c.sdk("completes", "wait", a, 20000, 500)
    b = c.start("raises_at_once", None, c.id("bad"))
    c.sdk("fails", "wait", b, 20000, 500)
    d = c.script({"event": "never"}, id=c.id("slow"))
    c.sdk("too slow", "wait", d, 2000, 500)
    c.sdk("interval above timeout", "wait", d, 100, 500)
    c.send("POST", f"{API}/instances/{d}/terminate?reason=x")
    c.ended(d)
    c.sdk("terminated", "wait", d, 2000, 500)
    e = c.start("odd_output", {"kind": "text"}, c.id("text"))
    c.sdk("text", "wait", e, 20000, 500)


@case("management-payload")
def _(c):
    c.sdk("payload", "payload", "abc")
    c.sdk("check status", "check_status", "abc")


@case("client-binding")
def _(c):
    answer = c.send("GET", "/api/client-binding")
    c.client["binding"] = {"status": answer.status, "json": answer.json}


@case("management-errors")
def _(c):
    i = c.start("no_yield", 1)
    c.ended(i)
    for label, method, path in (
        ("root", "GET", ""), ("unknown path", "GET", "bogus"), ("unknown operation", "POST", f"instances/{i}/bogus"), ("GET of an operation", "GET", f"instances/{i}/terminate"),
        ("PUT instance", "PUT", f"instances/{i}"), ("POST instance", "POST", f"instances/{i}"), ("PATCH instance", "PATCH", f"instances/{i}"), ("HEAD instance", "HEAD", f"instances/{i}"),
        ("OPTIONS instance", "OPTIONS", f"instances/{i}"), ("POST instances", "POST", "instances"), ("PUT instances", "PUT", "instances"), ("operation in capitals", "POST", f"instances/{i}/TERMINATE"),
        ("segments in capitals", "GET", f"INSTANCES/{i}"), ("slash at the end", "GET", f"instances/{i}/"), ("two slashes", "GET", f"instances//{i}"), ("makeprimary", "POST", "makeprimary"), ("entities PUT", "PUT", "entities/counter/k"), ("deeper", "GET", f"instances/{i}/a/b/c"),
    ):
        c.api(label, method, path)


@case("management-task-hub-parameters")
def _(c):
    i = c.start("no_yield", 1)
    c.ended(i)
    c.status("right hub", i, taskHub="Conformance", connection="Storage")
    c.status("other hub", i, taskHub="OtherHub", connection="Storage")
    c.status("other connection", i, taskHub="Conformance", connection="NoSuchSetting")
    c.status("system key", i, code="wrong")


def ent(key, op, given=None, call=True, name="counter"):
    step = {"op": op, ("call_entity" if call else "signal_entity"): f"{name}@{key}"}
    return step if given is None else {**step, "input": given}


@case("entity-calls")
def _(c):
    k = c.id("k")
    c.finish(c.script(ent(k, "get"), ent(k, "add", 5), ent(k, "add", 2), ent(k, "get"), ent(k, "nothing"), ent(k, "echo", {"a": [1]}), ent(k, "echo")))
    c.saw(f"@counter@{k}")
    c.api("state", "GET", f"entities/counter/{k}")


@case("entity-signals")
def _(c):
    k = c.id("k")
    c.finish(c.script(ent(k, "add", 1, call=False), ent(k, "add", 2, call=False), act("echo", "between"), ent(k, "get")))
    c.until(lambda: c.send("GET", f"{API}/entities/counter/{k}").json == 3, "the sum", 15)
    c.api("state", "GET", f"entities/counter/{k}")
    c.saw(f"@counter@{k}")


@case("entity-errors")
def _(c):
    k = c.id("k")
    c.finish(c.script(ent(k, "add", 1), ent(k, "fail"), ent(k, "get"), ent(k, "fail_after_set"), ent(k, "get"), ent(k, "add", "text")), seconds=40)
    c.saw(f"@counter@{k}")
    c.logged(k)


@case("entity-error-uncaught")
def _(c):
    c.finish(c.script({**ent(c.id("k"), "fail"), "uncaught": True}))


@case("entity-unserialisable-result")
def _(c):
    k = c.id("k")
    c.finish(c.script(ent(k, "add", 1), ent(k, "odd_result"), ent(k, "get")), seconds=20)
    c.saw(f"@counter@{k}")


@case("entity-delete")
def _(c):
    k = c.id("k")
    c.finish(c.script(ent(k, "add", 5), ent(k, "delete"), ent(k, "get")))
    c.saw(f"@counter@{k}")
    j = c.id("j")
    c.finish(c.script(ent(j, "add", 5), ent(j, "delete"), id=c.id("two")), "two")
    time.sleep(2)
    c.api("state", "GET", f"entities/counter/{j}")
    c.sdk("read by client", "read_entity_state", f"counter@{j}")
    answer = c.send("GET", f"{API}/entities/counter?fetchState=true")
    c.client["listed"] = [e for e in answer.json or [] if j in json.dumps(e)]


@case("entity-by-client")
def _(c):
    k = f"counter@{c.id('k')}"
    c.sdk("read before", "read_entity_state", k)
    c.sdk("signal", "signal_entity", k, "add", 3)
    c.until(lambda: c.send("GET", f"{API}/entities/counter/{c.id('k')}").json == 3, "the state", 15)
    c.sdk("read after", "read_entity_state", k)
    c.sdk("signal zero", "signal_entity", k, "add", 0)
    c.sdk("signal none", "signal_entity", k, "reset")
    c.sdk("unknown entity", "signal_entity", "no_such_entity@k", "add", 1)
    c.sdk("read unknown", "read_entity_state", "no_such_entity@k")
    time.sleep(3)
    c.sdk("read at the end", "read_entity_state", k)
    c.saw("@" + k)


@case("entity-http-api")
def _(c):
    k = c.id("k")
    c.api("GET before", "GET", f"entities/counter/{k}")
    c.api("POST with op", "POST", f"entities/counter/{k}", "4", op="add")
    c.api("POST without op", "POST", f"entities/counter/{k}", {"x": 1})
    c.api("POST no body", "POST", f"entities/counter/{k}", op="nothing")
    c.api("POST text/plain", "POST", f"entities/counter/{k}", b"7", {"Content-Type": "text/plain"}, op="echo")
    c.api("POST a plain number", "POST", f"entities/counter/{k}-plain", 4, op="add")
    c.api("POST broken", "POST", f"entities/counter/{k}", b"{broken", {"Content-Type": "application/json"}, op="add")
    c.api("POST unknown entity", "POST", "entities/no_such_entity/k", 1, op="add")
    c.api("POST no key", "POST", "entities/counter", 1, op="nothing")
    c.until(lambda: c.send("GET", f"{API}/entities/counter/{k}").json == 4, "the state", 15)
    time.sleep(2)
    c.api("GET after", "GET", f"entities/counter/{k}")
    c.api("GET capitals", "GET", f"entities/COUNTER/{k}")
    c.api("GET the one whose only operation failed", "GET", f"entities/counter/{k}-plain")
    c.saw(f"@counter@{k}-plain")
    c.api("GET unknown entity", "GET", "entities/no_such_entity/k")
    c.api("status of the scheduler", "GET", f"instances/@counter@{k}", showInput="true")
    c.api("DELETE", "DELETE", f"entities/counter/{k}", op="reset")
    time.sleep(3)
    c.api("GET after DELETE", "GET", f"entities/counter/{k}")
    c.saw(f"@counter@{k}")


@case("entity-http-list")
def _(c):
    for n in range(3):
        c.send("POST", f"{API}/entities/Renamed/{c.id(str(n))}?op=set", str(n))
    mine = lambda a: [e for e in (a.json or []) if c.run in str(e) and c.name in str(e)]  # noqa: E731
    c.until(lambda: len(mine(c.send("GET", f"{API}/entities/Renamed"))) == 3, "three entities", 20)
    for label, query in (("plain", ""), ("with state", "?fetchState=true"), ("paged", "?top=1"), ("from future", "?lastOperationTimeFrom=2099-01-01T00:00:00Z")):
        answer = c.send("GET", f"{API}/entities/Renamed{query}")
        found = mine(answer) if isinstance(answer.json, list) else answer.json
        c.client[label] = {"status": answer.status, "count": len(found), "first": sorted(map(json.dumps, found))[:1], "token": bool(answer.header("x-ms-continuation-token"))}
    answer = c.send("GET", f"{API}/entities/renamed")
    c.client["other case"] = {"status": answer.status, "count": len(mine(answer))}
    answer = c.send("GET", f"{API}/entities/none_of_this")
    c.client["unknown"] = {"status": answer.status, "body": answer.json}
    c.api("read in other case", "GET", f"entities/renamed/{c.id('0')}")


@case("entity-keys")
def _(c):
    for label, key in (("space", "a%20b"), ("unicode", "%C3%BC"), ("at", "a@b"), ("slash", "a%2Fb"), ("capitals", "KeyCase")):
        full = f"{c.id()}-{key}"
        c.api(f"{label} POST", "POST", f"entities/counter/{full}", "1", op="add")
        c.until(lambda: c.send("GET", f"{API}/entities/counter/{full}").status == 200, f"state of {label}", 10)
        c.api(f"{label} GET", "GET", f"entities/counter/{full}")
    c.api("other case", "GET", f"entities/counter/{c.id()}-keycase")


@case("entity-signalled-by-one-that-ends")
def _(c):
    k = c.id("k")
    c.finish(c.script(ent(k, "add", 4, call=False)))
    c.until(lambda: c.send("GET", f"{API}/entities/counter/{k}").json == 4, "the state", 15)
    c.api("state", "GET", f"entities/counter/{k}")


@case("entity-purged")
def _(c):
    k = c.id("k")
    c.send("POST", f"{API}/entities/counter/{k}?op=add", "1")
    c.until(lambda: c.send("GET", f"{API}/entities/counter/{k}").status == 200, "state", 10)
    c.api("purge", "DELETE", f"instances/@counter@{k}")
    c.api("state", "GET", f"entities/counter/{k}")


@case("large-activity-result")
def _(c):
    for size in (100_000, 1_000_000):
        i = c.script(act("big", {"size": size}), id=c.id(str(size)))
        c.finish(i, str(size), seconds=60)


@case("large-input-and-output")
def _(c):
    i = c.start("no_yield", "i" * 200_000)
    c.finish(i)
    answer = c.send("GET", f"{API}/instances?instanceIdPrefix={i}&showInput=true")
    c.keep("in a list", answer)


@case("large-entity-state")
def _(c):
    k = c.id("k")
    c.finish(c.script(ent(k, "big_state", 150_000), ent(k, "nothing")))
    c.api("state", "GET", f"entities/counter/{k}")


@case("call-http")
def _(c):
    c.finish(
        c.script(
            {"http": f"{c.base}/api/text/plain", "method": "GET"},
            {"http": f"{c.base}/api/response/json", "method": "GET"},
            {"http": f"{c.base}/api/no-such", "method": "GET"},
            {"http": f"{c.base}/api/response/teapot", "method": "GET"},
        )
    )


@case("call-http-post")
def _(c):
    c.finish(
        c.script(
            {"http": f"{c.base}/api/only-post", "method": "POST", "content": {"a": 1}},
            {"http": f"{c.base}/api/echo/x?q=1", "method": "PUT", "content": "text", "headers": {"X-One": "1", "Content-Type": "application/json"}},
            {"http": f"{c.base}/api/response/error", "method": "GET"},
        )
    )


@case("call-http-202")
def _(c):
    i = c.script({"http": f"{c.base}{API}/orchestrators/script/{c.id('other')}", "method": "POST", "content": {"steps": [{"timer": 3}, {"return": "polled"}]}, "headers": {"Content-Type": "application/json"}})
    c.finish(i, seconds=75)


@case("call-http-redirect")
def _(c):
    c.finish(c.script({"http": f"{c.base}/api/response/headers", "method": "GET"}, {"http": f"{c.base}/api/response/cookies", "method": "GET"}, {"http": f"{c.base}/api/response/bytes", "method": "GET"}))


def _changed(how):
    @case(f"changed-{how.replace('_', '-')}")
    def run(c):
        key = c.id()
        i = c.start("changes_its_mind", {"key": key})
        c.reached(i, 1, "TaskCompleted", 20)
        time.sleep(1)
        c.send("POST", f"/api/say/changed-{key}/{how}")
        c.event(i, "go", 1)
        c.finish(i, seconds=20)
        time.sleep(3)
        c.client["times that the new activity ran"] = c.send("GET", f"/api/tries/ran-{key}").json
        c.status("the new sub-orchestration", f"{i}-sub")
        c.logged(i)


for _how in ("other_activity", "timer_for_activity", "fewer", "returns_early", "other_input"):
    _changed(_how)


@case("timer-trigger-at-startup")
def _(c):
    c.http("noted", "GET", "/api/noted/at_startup")


@case("timer-trigger-often")
def _(c):
    c.until(lambda: len(c.send("GET", "/api/noted/often").json or []) >= 3, "three ticks", 15)
    c.until(lambda: len(c.send("GET", "/api/noted/by_span").json or []) >= 2, "two ticks", 15)
    c.http("often", "GET", "/api/noted/often")
    c.http("by span", "GET", "/api/noted/by_span")


def _noted(c, key, text, count, seconds=40):
    def look():
        found = [n for n in c.send("GET", f"/api/noted/{key}").json or [] if text in json.dumps(n)]
        return found if len(found) >= count else None

    found = c.until(look, f"{count} of {key}", seconds)
    c.client[f"{key} saw"] = found if found is not None else [n for n in c.send("GET", f"/api/noted/{key}").json or [] if text in json.dumps(n)]


@case("queue-trigger")
def _(c):
    c.http("enqueue", "POST", "/api/enqueue/conformance-in", f"hello {c.id()}".encode(), {"Content-Type": "text/plain"})
    _noted(c, "from_queue", c.id(), 1)


@case("queue-poison")
def _(c):
    c.http("enqueue", "POST", "/api/enqueue/conformance-in", b"poison", {"Content-Type": "text/plain"})
    _noted(c, "from_poison", "poison", 1, 40)
    _noted(c, "from_queue", "b'poison'", 3, 10)
    c.logged("from_queue")


@case("queue-starts-orchestration")
def _(c):
    c.http("enqueue", "POST", "/api/enqueue/conformance-start", {"name": "no_yield", "id": c.id(), "input": 5})
    c.until(lambda: c.peek(c.id()), "the instance", 20)
    c.finish(c.id())


@case("queue-list-output")
def _(c):
    c.http("enqueue", "POST", "/api/enqueue-list", [f"one {c.id()}", f"two {c.id()}", ""])
    _noted(c, "from_text_queue", c.id(), 2, 15)


@case("blob-trigger")
def _(c):
    c.http("put", "PUT", f"/api/blob/conformance-in/{c.id()}.txt", b"blob text", {"Content-Type": "text/plain"})
    _noted(c, "from_blob", c.id(), 1, 90)
    c.until(lambda: c.send("GET", f"/api/blob/conformance-out/{c.id()}-copy.txt").status == 200, "copy", 20)
    c.http("copy", "GET", f"/api/blob/conformance-out/{c.id()}-copy.txt")
    c.http("none", "GET", f"/api/blob/conformance-out/{c.id()}-none.txt")


@case("http-route-values")
def _(c):
    for label, path in (("plain", "one/abc"), ("space", "one/a%20b"), ("slash", "one/a%2Fb"), ("percent", "one/a%25b"), ("unicode", "one/%C3%BC"), ("plus", "one/a+b"), ("semicolon", "one/a;b"), ("dot", "one/a.b"), ("dots", "one/.."), ("hash", "one/a%23b"), ("question", "one/a%3Fb"), ("none", "one"), ("none with slash", "one/"), ("two", "one/a/b"), ("capitals", "ONE/Abc"), ("slash at the end", "one/abc/"), ("at", "one/@a:b"), ("backslash", "one/a%5Cb"), ("null", "one/a%00b"), ("broken percent", "one/a%zz"), ("double slash", "one//abc")):
        c.http(label, "GET", f"/api/{path}")


@case("http-methods")
def _(c):
    for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW"):
        c.http(f"only-post {method}", method, "/api/only-post", b"abc" if method in ("POST", "PUT") else None, {"Content-Type": "text/plain"} if method in ("POST", "PUT") else None)
        c.http(f"any {method}", method, "/api/any-method")
        c.http(f"response {method}", method, "/api/response/json")


@case("http-unknown-routes")
def _(c):
    for path in ("/api/no-such", "/no-such", "/api", "/api/", "/API/any-method", "/api/ANY-METHOD", "/api/mixed-case/path", "/api/no_route_given", "/api/No_Route_Given", "/api/disabled-http", "/favicon.ico", "/runtime", "/api/any-method/"):
        c.http(path, "GET", path)


@case("http-headers")
def _(c):
    c.http("case and repeats", "GET", "/api/echo/h", None, {"X-One": ["a", "b"], "x-TWO": "  c  ", "Accept": "text/html", "Cookie": "a=1; b=2"})
    c.http("latin", "GET", "/api/echo/h", None, {"X-One": "\u00fc"})
    c.http("empty", "GET", "/api/echo/h", None, {"X-One": ""})
    c.http("authorization", "GET", "/api/echo/h", None, {"Authorization": "Bearer abc", "X-Forwarded-For": "1.2.3.4"})


@case("http-bodies")
def _(c):
    c.http("binary", "POST", "/api/echo/b", bytes(range(256)), {"Content-Type": "application/octet-stream"})
    c.http("json", "POST", "/api/echo/b", {"a": 1})
    c.http("form", "POST", "/api/echo/b", b"a=1&b=%20", {"Content-Type": "application/x-www-form-urlencoded"})
    c.http("multipart", "POST", "/api/echo/b", b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nv\r\n--x--\r\n', {"Content-Type": "multipart/form-data; boundary=x"})
    c.http("text utf-8", "POST", "/api/echo/b", "ünï".encode(), {"Content-Type": "text/plain; charset=utf-8"})
    c.http("no type", "POST", "/api/echo/b", b"raw")
    c.http("empty", "POST", "/api/echo/b", b"")
    c.http("body of a GET", "GET", "/api/echo/b", b"got", {"Content-Type": "text/plain"})
    c.http("chunked", "POST", "/api/echo/b", b"3\r\nabc\r\n0\r\n\r\n", {"Content-Type": "text/plain", "Transfer-Encoding": "chunked", "Content-Length": []})
    c.http("large", "POST", "/api/only-post", b"z" * 5_000_000, {"Content-Type": "application/octet-stream"})


@case("http-context")
def _(c):
    c.http("plain", "GET", "/api/context")
    c.http("with traceparent", "GET", "/api/context", None, {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "k=v"})
    c.http("admin level", "GET", "/api/level-admin")


@case("http-returned-text")
def _(c):
    for kind in ("plain", "object", "array", "number", "true", "null", "quoted", "empty", "html", "unicode", "described"):
        c.keep(kind, a := c.send("GET", f"/api/text/{kind}"))
        c.client[kind]["body"] = a.text


@case("http-returned-odd")
def _(c):
    for kind in ("none", "dict", "list", "int", "bytes", "true"):
        c.keep(kind, a := c.send("GET", f"/api/odd/{kind}"))
        c.client[kind]["body"] = a.text
    c.logged("returns_odd")


@case("http-responses")
def _(c):
    for kind in ("empty", "status_only", "bytes", "no_mimetype", "json", "charset", "content_type_header", "headers", "cookies", "teapot", "latin_header", "not_modified"):
        c.http(kind, "GET", f"/api/response/{kind}")
    c.http("HEAD json", "HEAD", "/api/response/json")
    c.http("cookies added", "GET", "/api/response/cookies_added")
    a = c.send("GET", "/api/response/large")
    c.client["large"] = {"status": a.status, "length": len(a.raw)}
    c.http("out param", "GET", "/api/out-param")
    a = c.send("GET", "/api/response/json")
    c.client["json, as sent"] = {"text": a.text}


@case("http-errors")
def _(c):
    c.http("sync", "GET", "/api/response/error")
    c.http("async", "GET", "/api/async-error")
    c.http("accepting json", "GET", "/api/response/error", None, {"Accept": "application/json"})
    c.http("disabled", "GET", "/api/disabled-http")
    c.logged("returns_response", "http boom")


@case("host-status-pages")
def _(c):
    for path in ("/admin/host/status", "/admin/host/ping", "/admin/functions", "/admin/functions/echo", "/admin/functions/no_such", "/admin/host/keys"):
        a = c.send("GET", path)
        c.client[path] = {"status": a.status, "keys": sorted(a.json) if isinstance(a.json, dict) else (sorted(a.json[0]) if isinstance(a.json, list) and a.json else a.text[:100])}
    for name, body in (("often", {}), ("from_queue", {"input": "by hand admin"}), ("no_such", {"input": ""}), ("echo", {"input": "1"}), ("chain", {"input": ""})):
        c.http(f"invoke {name}", "POST", f"/admin/functions/{name}", body)


@case("cors")
def _(c):
    c.http("preflight", "OPTIONS", "/api/any-method", None, {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"})
    c.http("simple", "GET", "/api/any-method", None, {"Origin": "https://example.org"})
    c.http("preflight of management", "OPTIONS", f"{API}/instances", None, {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"})


def _crash(c, test):
    try:
        test()
    except OSError as error:
        c.client["the host"] = f"gone: {type(error).__name__}"
    c.logged(c.id(), "xited")
    time.sleep(c.rest)


@case("crash-in-the-first-episode", config="crash", serial=True)
def _(c):
    def test():
        c.finish(c.start("exits_in_an_episode", {"episode": 1}), seconds=330)

    _crash(c, test)


@case("crash-in-the-second-episode", config="crash", serial=True)
def _(c):
    def test():
        c.finish(c.start("exits_in_an_episode", {"episode": 2}), seconds=330)

    _crash(c, test)


@case("crash-in-an-entity", config="crash", serial=True)
def _(c):
    def test():
        k = c.id("k")
        c.finish(c.script(ent(k, "exit_once"), ent(k, "get")), seconds=330)
        c.api("state", "GET", f"entities/counter/{k}")

    _crash(c, test)


@case("crash-of-the-worker", config="crash", serial=True)
def _(c):
    def test():
        c.finish(c.script(act("echo", "before"), act("exit_once", {"key": c.id()}), act("echo", "after")), seconds=330)

    _crash(c, test)


@case("variant-http-settings", config="variant")
def _(c):
    c.http("no prefix", "GET", "/any-method")
    c.http("with prefix", "GET", "/api/any-method")
    c.http("unknown", "GET", "/no-such")
    c.http("error", "GET", "/response/error")
    a = c.send("GET", f"{API}/instances?instanceIdPrefix={c.id()}")
    c.keep("management", a)


@case("variant-any-state", config="variant")
def _(c):
    i = c.script({"event": "go"})
    c.running(i)
    c.api("start again", "POST", f"orchestrators/no_yield/{i}", "second")
    c.until(lambda: c.peek(i).get("runtimeStatus") == "Completed", "second", 20)
    c.status("status", i, showHistory="true", showHistoryOutput="true", showInput="true")


@case("variant-changed-logged", config="variant")
def _(c):
    """What a host that logs DurableTask.Core at Information says of a changed orchestrator."""
    i = c.start("changes_its_mind", {"key": c.id()})
    c.reached(i, 1, "TaskCompleted", 20)
    time.sleep(1)
    c.send("POST", f"/say/changed-{c.id()}/other_activity")
    c.event(i, "go", 1)
    c.ended(i, 20)
    c.status("status", i)
    c.logged(i)


@case("variant-queue-encoding-none", config="variant")
def _(c):
    c.http("enqueue", "POST", "/enqueue/conformance-in", f"plain {c.id()}".encode(), {"Content-Type": "text/plain"})
    time.sleep(4)
    c.client["from_queue saw"] = [{"body": n["body"]} for n in c.send("GET", "/noted/from_queue").json or [] if c.id() in json.dumps(n)]


@case("variant-inputs-not-stored", config="variant")
def _(c):
    i = c.script(act("echo", {"a": 1}), {"sub": "no_yield", "input": "x"})
    c.ended(i)
    c.status("status", i, showHistory="true", showHistoryOutput="true", showInput="true")


@case("variant-function-timeout", config="variant", serial=True)
def _(c):
    i = c.script(act("slow", {"seconds": 9}), act("echo", "after"))
    c.ended(i, 90)
    c.status("status", i, showHistory="true", showHistoryOutput="true", showInput="true")
    c.http("http", "GET", "/too-slow-http")
    c.logged("slow", "imeout")


@case("variant-throttled", config="variant", serial=True)
def _(c):
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        found = list(pool.map(lambda n: c.send("GET", "/slow-http"), range(30)))
    c.client["statuses"] = sorted({a.status for a in found})
    for a in found:
        if a.status == 429:
            c.keep("429", a)
            break
