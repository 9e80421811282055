"""Pack the built site into one file, to be unpacked and opened without a server or a network.

python tools/pack.py
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import build

ZIP = build.BUILD / "em-step-by-step.zip"
FOLDER = "em-step-by-step"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold: same site, same file


def pack(site: Path, target: Path) -> Path:
    """Write every file of the site, in one folder, into `target`."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(p for p in site.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(f"{FOLDER}/{path.relative_to(site).as_posix()}", LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, path.read_bytes())
    return target


def main() -> int:
    status = build.build()
    if status:
        return status
    size = pack(build.HTML, ZIP).stat().st_size
    print(f"-- {ZIP} ({size / 1e6:.1f} MB): unpack it and open {FOLDER}/index.html", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
