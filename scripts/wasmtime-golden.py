"""Counts with wasmtime the fuel of every call in the corpus.

Usage: wasmtime-golden.py MANIFEST MODULES_FOLDER OUTPUT

Started by update-wasmtime-golden.ts, which compiles the modules and pins wasmtime's version.
"""

import json
import sys
from pathlib import Path

import wasmtime

FUEL = 1_000_000_000


def host_imports(store, module):
    i32 = wasmtime.ValType.i32()
    functions = {
        "add": (wasmtime.FuncType([i32, i32], [i32]), lambda a, b: (a + b + 2**31) % 2**32 - 2**31),
        "note": (wasmtime.FuncType([i32], []), lambda a: None),
    }

    def function(entry):
        if entry.module == "host":
            return wasmtime.Func(store, *functions[entry.name])
        # Every other host function answers 0.
        results = len(entry.type.results)
        return wasmtime.Func(store, entry.type, lambda *_: 0 if results else None)

    return [function(entry) for entry in module.imports]


def count_module(engine, wasm, calls):
    store = wasmtime.Store(engine)
    store.set_fuel(FUEL)
    module = wasmtime.Module(engine, wasm)
    instance = wasmtime.Instance(store, module, host_imports(store, module))
    counts = {"start": FUEL - store.get_fuel(), "calls": []}
    for call in calls:
        store.set_fuel(FUEL)
        function = instance.exports(store)[call["call"]]
        types = function.type(store).params
        arguments = [
            float(value) if str(kind) in ("f32", "f64") else int(value)
            for kind, value in zip(types, call["args"], strict=True)
        ]
        try:
            function(store, *arguments)
            counts["calls"].append(FUEL - store.get_fuel())
        except wasmtime.Trap:
            # What a trapped run has used is not comparable: blocks are charged at their start.
            counts["calls"].append("trap")
    return counts


def main():
    manifest_path, modules, output = map(Path, sys.argv[1:])
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    golden = {}
    for name, entry in json.loads(manifest_path.read_text()).items():
        wasm = (modules / f"{name}.wasm").read_bytes()
        golden[name] = count_module(engine, wasm, entry["calls"])
    output.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")


main()
