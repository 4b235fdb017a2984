"""Signals, terminals and streams: what a transcript cannot show. COVEY names the program, DATA the data folder."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest

COVEY = os.environ["COVEY"]
SLACK = int(os.environ.get("SLACK", "10"))  # times the promised 0.2 s; more under sanitizers
ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TERM": "xterm",
       **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}


def covey(*words, **options):
    return subprocess.run([COVEY, *words], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, **options)


class Folder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="covey-cli-")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *words, **options):
        process = subprocess.Popen([COVEY, *words], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                self.addCleanup(pipe.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def hard_data(self):
        """Blobs that overlap so much that a fit to tol 0 runs for a long time."""
        made = covey("make", "blobs", "-n", "400000", "--features", "16", "-k", "30", "--std", "9", "-o", self.path("x.npy"))
        self.assertEqual(made.returncode, 0, made.stderr)
        return ["fit", self.path("x.npy"), "-k", "200", "--max-iter", "1000000", "--tol", "0", "--init", "random", "--n-init", "1"]


class Interrupts(Folder):
    def wait_for_iteration(self, process, number=2):
        """Read the -v lines until an iteration has ended; return what was read."""
        seen = b""
        while b"iteration %d" % number not in seen:
            piece = os.read(process.stderr.fileno(), 4096)
            self.assertTrue(piece, seen)
            seen += piece
        return seen

    def test_row_40_first_interrupt_keeps_the_best(self):
        process = self.start(*self.hard_data(), "-v", "--model", self.path("m.npz"), "--labels", self.path("l.npy"))
        self.wait_for_iteration(process)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - asked, 0.2 * SLACK)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn(b"stopped; the best so far was kept", err)
        self.assertIn(b"stopped on request", out)
        again = covey("predict", self.path("m.npz"), self.path("x.npy"), "-q", "-o", self.path("p.npy"))
        self.assertEqual(again.returncode, 0, again.stderr)
        with open(self.path("l.npy"), "rb") as a, open(self.path("p.npy"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_row_40_second_interrupt_ends_at_once(self):
        process = self.start(*self.hard_data(), "-v", "--model", self.path("m.npz"))
        self.wait_for_iteration(process, 1)
        asked = time.monotonic()
        while process.poll() is None and time.monotonic() - asked < 60:  # two that come together count as one
            process.send_signal(signal.SIGINT)
            time.sleep(0.01)
        self.assertLess(time.monotonic() - asked, 0.2 * SLACK)
        self.assertEqual(process.returncode, 130)

    def test_row_40_interrupt_while_a_pipe_is_silent(self):
        process = self.start("fit", "-", "-k", "2", stdin=subprocess.PIPE)
        process.stdin.write(b"1,2\n3,4\n")
        process.stdin.flush()
        time.sleep(0.5)
        self.assertIsNone(process.poll(), "it waits for more")
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        self.assertLess(time.monotonic() - asked, 0.2 * SLACK)
        self.assertEqual(process.returncode, 130)

    def test_ignored_interrupts_stay_ignored(self):
        process = self.start(*self.hard_data(), "-v", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        self.wait_for_iteration(process, 1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        self.assertIsNone(process.poll())

    def test_row_57_mapped_file_shrinks(self):
        words = self.hard_data()
        process = self.start(*words, "-v", "--mmap", "--plan", "brute")
        self.wait_for_iteration(process, 1)
        os.truncate(self.path("x.npy"), 4096)
        try:
            out, err = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.skipTest("the fit works on a copy, so the file may shrink")
        self.assertEqual(process.returncode, 4, err)
        self.assertIn(b"became shorter while it was mapped", err)
        self.assertIn(b"x.npy", err)


class Terminals(Folder):
    def on_terminal(self, words, columns=80, env=None, stdin=None, wait=60):
        """Run with standard error on a terminal of so many columns; return what the terminal got and the exit code."""
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([COVEY, *words], env=dict(ENV, **(env or {})), stdin=side if stdin is None else stdin,
                                   stdout=subprocess.DEVNULL, stderr=side, start_new_session=True)
        os.close(side)
        seen = b""
        while True:
            try:
                piece = os.read(main, 4096)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(main)
        return seen.decode(), process.wait(timeout=wait)

    def test_row_58_terminal_and_no_file(self):
        for words in (["fit", "-k", "3"], ["info"]):
            seen, code = self.on_terminal(words)
            self.assertEqual(code, 2, seen)
            self.assertIn("no file given", seen)
            self.assertIn("--help", seen)

    def long_fit(self):
        return [*Folder.hard_data(self), "--time-limit", "2"]

    def test_row_59_progress_on_a_terminal(self):
        words = self.long_fit()
        seen, code = self.on_terminal(words)
        self.assertEqual(code, 5, seen)
        self.assertIn("\r", seen)
        self.assertRegex(seen, r"\[[#.]{20}\] fit: ")
        self.assertIn("\033[1;31merror", seen)
        self.assertTrue(re.search(r"\r\033\[K[^\r]*error: ", seen.replace("\033[1;31m", "")), "the bar is removed first")

        seen, code = self.on_terminal(words, columns=40)
        for line in re.split(r"[\r\n]+", seen):
            bare = re.sub(r"\033\[[0-9;]*[mK]", "", line)
            if "fit: " in bare:
                self.assertLess(len(bare), 40)
                self.assertNotIn("[#", bare)

        seen, code = self.on_terminal(words, env={"NO_COLOR": "1"})
        self.assertNotIn("\033[1;31m", seen)
        self.assertIn("fit: ", seen)

        for plain in ({"TERM": "dumb"}, {"TERM": ""}):
            seen, code = self.on_terminal(words, env=plain)
            self.assertNotIn("\033", seen)
            self.assertNotIn("fit: ", seen)

        seen, code = self.on_terminal([*words, "-q"])
        self.assertNotIn("fit: ", seen)

    def test_row_59_no_progress_in_logs(self):
        done = covey(*self.long_fit())
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertNotIn(b"\r", done.stderr)
        self.assertNotIn(b"\033", done.stderr)


class Streams(Folder):
    ROWS = int(os.environ.get("COVEY_STREAM_ROWS", "200000"))

    def test_labels_of_a_stream_in_row_order(self):
        """A CSV through standard input to labels on standard output, a label for each row, in row order."""
        near = [(i * 7919) % 5 for i in range(self.ROWS)]

        def feed(pipe):
            with pipe:
                for at in range(0, self.ROWS, 10000):
                    rows = range(at, min(at + 10000, self.ROWS))
                    pipe.write("".join("%d.%d,%d\n" % (100 * near[i], i % 10, i % 3) for i in rows).encode())

        process = self.start("fit", "-", "-k", "5", "--labels", "-", "-q", stdin=subprocess.PIPE)
        feeder = threading.Thread(target=feed, args=(process.stdin,))
        feeder.start()
        labels = process.stdout.read().split()
        feeder.join()
        self.assertEqual(process.wait(timeout=60), 0, process.stderr.read())
        self.assertEqual(len(labels), self.ROWS)
        names = {}
        for group, label in zip(near, labels):
            self.assertEqual(names.setdefault(group, label), label)
        self.assertEqual(len(set(names.values())), 5)

    def test_row_46_reader_goes_away(self):
        process = self.start("make", "blobs", "-n", "500000")
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=60)
        self.assertEqual(err, b"")
        self.assertIn(process.returncode, (-signal.SIGPIPE, 141))


if __name__ == "__main__":
    unittest.main(verbosity=2)
