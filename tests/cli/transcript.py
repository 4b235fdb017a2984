#!/usr/bin/env python3
"""Run transcripts of the command and compare what it says with what is written down.

usage: transcript.py [--update] COMMAND DATA FILE.t ...

COMMAND is the program covey, DATA the folder of shipped data. In a .t file,

      $ covey fit x.csv -k 3        a command for bash (lines that follow with "  > " continue it)
      expected line                 standard output and standard error, in the order they came
      ... (re)                      the line is a regular expression; "(glob)": * and ? stand for anything
      ...                           three dots alone: any number of lines
      [3]                           the exit code, if it is not 0

are indented by two spaces; all other lines are comments. Each file runs in a folder of its own, which ends with it.
$DATA holds the data folder, $COVEY the program. A file whose first command ends with exit code 77 is skipped.
--update writes what came back into the file, with times as (re).
"""
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

TIMEOUT = 120
TIME = re.compile(r"^(  (?:time|reading|checking|seeding|iterating|finishing) +)[0-9].*")


def parse(text):
    """Split into blocks: a string (comment line) or [command, expected lines, exit code]."""
    blocks = []
    for line in text.splitlines():
        if line.startswith("  $ "):
            blocks.append([line[4:], [], 0])
        elif line.startswith("  > ") and blocks and isinstance(blocks[-1], list):
            blocks[-1][0] += "\n" + line[4:]
        elif line.startswith("  ") and blocks and isinstance(blocks[-1], list):
            code = re.fullmatch(r"  \[(\d+)\]", line)
            if code:
                blocks[-1][2] = int(code.group(1))
            else:
                blocks[-1][1].append(line[2:])
        else:
            blocks.append(line)
    return blocks


def line_matches(expected, got):
    if expected.endswith(" (re)"):
        return re.fullmatch(expected[:-5], got) is not None
    if expected.endswith(" (glob)"):
        return fnmatch.fnmatchcase(got, re.sub(r"\[", "[[]", expected[:-7]))
    return expected == got


def matches(expected, got):
    """Whether the lines agree; "..." stands for any number of lines."""
    if not expected:
        return not got
    if expected[0] == "...":
        return any(matches(expected[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and line_matches(expected[0], got[0]) and matches(expected[1:], got[1:])


def environment(command, data):
    keep = {k: v for k, v in os.environ.items() if k in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")}
    # a hopeless allocation fails as it does without the sanitizer
    keep["ASAN_OPTIONS"] = "allocator_may_return_null=1:" + keep.get("ASAN_OPTIONS", "")
    tools = os.environ.get("PATH", "/usr/bin:/bin")
    return dict(keep, PATH=os.path.dirname(command) + ":" + tools, COVEY=command, DATA=data, LC_ALL="C", TERM="dumb")


def run_command(command, folder, env):
    try:
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return ["timeout"], 124
    text = done.stdout.decode("utf-8", "backslashreplace").replace("\t", "\\t")
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return text.splitlines(), code


def render(blocks):
    out = []
    for block in blocks:
        if isinstance(block, str):
            out.append(block)
            continue
        first, *rest = block[0].split("\n")
        out.append("  $ " + first)
        out += ["  > " + line for line in rest]
        out += ["  " + line for line in block[1]]
        if block[2]:
            out.append("  [%d]" % block[2])
    return "\n".join(out) + "\n"


def run_file(path, command, data, update):
    """Return the number of commands that differ, or -1 for a skipped file."""
    with open(path, encoding="utf-8") as file:
        blocks = parse(file.read())
    env, bad, seen = environment(command, data), 0, 0
    with tempfile.TemporaryDirectory(prefix="covey-cli-") as folder:
        for block in blocks:
            if isinstance(block, str):
                continue
            got, code = run_command(block[0], folder, env)
            seen += 1
            if seen == 1 and code == 77:
                print("SKIPPED %s: %s" % (os.path.basename(path), " ".join(got)))
                return -1
            if matches(block[1], got) and code == block[2]:
                continue
            bad += 1
            if update:
                block[1], block[2] = [TIME.sub(r"\1.+ (re)", line) for line in got], code
                continue
            print("%s: $ %s" % (os.path.basename(path), block[0]))
            print("  expected [%d]:\n    %s" % (block[2], "\n    ".join(block[1])))
            print("  got      [%d]:\n    %s" % (code, "\n    ".join(got)))
    if seen == 0:
        print("%s: holds no command" % path)
        return 1
    if update and bad:
        with open(path, "w", encoding="utf-8") as file:
            file.write(render(blocks))
    return bad


def main(words):
    update = words[:1] == ["--update"]
    command, data, *files = words[update:]
    if not os.access(command, os.X_OK):
        print("%s: is no program" % command)
        return 1
    results = [run_file(path, os.path.abspath(command), os.path.abspath(data), update) for path in files]
    bad = sum(r for r in results if r > 0)
    if update:
        print("%d commands updated" % bad)
        return 0
    if bad:
        print("%d commands differ" % bad)
        return 1
    return 77 if results and all(r < 0 for r in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
