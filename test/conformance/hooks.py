"""Bounds what the server is asked to wait for, so that a run takes minutes and not days, and leaves
out header names that its HTTP library does not read (test/conformance/deviations.ts)."""

import re

import schemathesis

HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")

QUERY_MOST = {"timeout_ms": 300}
BODY_MOST = {"timeout_ms": 300, "max_wait_seconds": 1, "grace_period_seconds": 1}


def bound(values, most):
    if isinstance(values, dict):
        for name, limit in most.items():
            value = values.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and value > limit:
                values[name] = limit
        bound(values.get("options"), most)


@schemathesis.hook
def before_call(context, case, kwargs):
    for name in list(case.headers or {}):
        if not HEADER_NAME.fullmatch(name):
            del case.headers[name]
    bound(case.query, QUERY_MOST)
    bound(case.body, BODY_MOST)
