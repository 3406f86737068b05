"""Files downloaded once from one of several mirrors: resumed, verified, cached."""

import hashlib
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CHUNK = 1 << 16
TIMEOUT = 20  # seconds without an answer before the next mirror is tried


def cache_folder() -> Path:
    """Where downloads are kept: ``microgradnet`` in the system's cache folder for this user."""
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "microgradnet"


def md5(path: Path) -> str:
    """The MD5 of a file in hexadecimal: detects damage, not tampering."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def download(urls: Sequence[str], path: Path, checksum: str, progress: bool = True) -> None:
    """Downloads the file with MD5 ``checksum`` from the first of ``urls`` that has it, to ``path``.

    A partial download is kept in ``path`` + ".part": the next URL, or the next call, requests only the rest (HTTP
    Range). The file gets its name once its checksum is right. ``progress`` shows a bar, or one line without tqdm.

    Raises ConnectionError, which says what went wrong at each URL.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part, problems = path.with_name(path.name + ".part"), []
    for url in urls:
        try:
            resumed = _fetch(url, part, progress)
            if resumed and md5(part) != checksum:
                part.unlink()  # the existing part may belong to another file
                _fetch(url, part, progress)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = error if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", error)
            problems.append(f"{url}: {reason}")
            continue
        found = md5(part)
        if found == checksum:
            os.replace(part, path)
            return
        part.unlink()
        problems.append(f"{url}: damaged or another file (MD5 {found}, {checksum} expected)")
    raise ConnectionError("; ".join(problems))


def _fetch(url: str, part: Path, progress: bool) -> bool:
    """Appends the missing rest to ``part``; returns whether it existed already."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing is left: the file is complete, or too long
            return True
        raise
    with response:
        resumed = response.status == 206
        length = response.length
        with open(part, "ab" if resumed else "wb") as file, _bar(url, length, have * resumed, progress) as show:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                show(len(chunk))
                if length is not None:
                    length -= len(chunk)
        if length:
            raise OSError(f"the connection ended {length} bytes early")
    return resumed


@contextmanager
def _bar(url: str, length: int | None, have: int, progress: bool) -> Iterator:
    """A function that takes the number of received bytes and shows the progress."""
    if not progress:
        yield lambda size: None
        return
    total = None if length is None else have + length
    try:
        from tqdm import tqdm
    except ImportError:
        size = "" if total is None else f" ({total / 1e6:.1f} MB)"
        print(f"Downloading {url}{size}", file=sys.stderr)
        yield lambda size: None
    else:
        name = url.rsplit("/", 1)[1]
        with tqdm(total=total, initial=have, desc=name, unit="B", unit_scale=True, leave=False) as bar:
            yield bar.update
