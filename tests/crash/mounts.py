"""A disk of a test's own, a tmpfs: mounted where that is allowed, else the test's file runs itself again in a namespace where it is.

    from mounts import disk, namespace  # noqa: F401  (fixtures)
"""

import errno
import os
import subprocess
import sys

import pytest

IN_NAMESPACE = "MQCTL_TEST_IN_NAMESPACE"


class Disk:
    def __init__(self, path):
        self.path = path

    def mount(self, size):
        self.path.mkdir()
        return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.path], capture_output=True).returncode == 0

    def grow(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", self.path], check=True)

    def read_only(self, yes):
        subprocess.run(["mount", "-o", f"remount,{'ro' if yes else 'rw'}", self.path], check=True)

    def fill(self, leave):
        """A file that takes all but so many bytes; once more where somebody took some of them meanwhile."""
        with open(self.path / "filler", "wb") as file:
            while True:
                stat = os.statvfs(self.path)
                try:
                    return os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_bsize - leave)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self):
        (self.path / "filler").unlink()


def can_mount(directory):
    disk = Disk(directory / "probe")
    if not disk.mount("1m"):
        return False
    subprocess.run(["umount", disk.path], check=True)
    return True


@pytest.fixture
def disk(tmp_path):
    assert can_mount(tmp_path), "mount a tmpfs: as root, or where user namespaces are allowed"
    disk = Disk(tmp_path / "disk")
    assert disk.mount("64m")
    yield disk
    subprocess.run(["umount", "-l", disk.path], check=True)


@pytest.fixture(autouse=True, scope="session")
def namespace(request, tmp_path_factory):
    if IN_NAMESPACE in os.environ or can_mount(tmp_path_factory.mktemp("mounts")):
        yield
        return
    done = subprocess.run(["unshare", "-Urm", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *request.config.args],
                          env=dict(os.environ, **{IN_NAMESPACE: "1"}))
    pytest.exit("run in a namespace", returncode=done.returncode)
