// The site's last script: the page is there, so mount what it holds.
globalThis.emWidgets?.start?.();
