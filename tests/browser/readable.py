"""What every page owes to people: on a phone, in the dark, without a mouse, read aloud."""

from typing import Any, Final, Literal

from playwright.async_api import Page

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
# WCAG 2.2, level AA, for text of any size.
_MIN_CONTRAST = 4.5

# What is wrong with a page, in words. Contrast as WCAG defines it, of every text against the first background behind it.
_FAULTS = """least => {
  const faults = [];
  const say = (wrong, text) => { if (wrong) faults.push(text); };
  say(!document.documentElement.lang, 'no language');
  say(!document.title.trim(), 'no title');
  say(document.querySelectorAll('h1').length !== 1, 'not one main heading');
  const beyond = document.documentElement.scrollWidth - innerWidth;
  say(beyond > 0, `wider than the screen by ${beyond}`);
  for (const field of document.querySelectorAll('input:not([type=hidden]), textarea, select'))
    say(!field.labels.length, `${field.name} has no label`);
  for (const target of document.querySelectorAll('button'))
    say(target.getBoundingClientRect().height < 24, `${target.textContent} is too small to be hit`);
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const shade = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * shade(r) + 0.7152 * shade(g) + 0.0722 * shade(b);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.tagName === 'STYLE') continue;
    const pair = [light(parts(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    say(ratio < least, `${texts.currentNode.data.trim().slice(0, 40)}: contrast ${ratio.toFixed(1)}`);
  }
  return faults;
}"""


async def faults(page: Page) -> list[Any]:
    """Return what is wrong with the page that is open, on a phone, by day and by night. Leaves it on the phone by night."""
    await page.set_viewport_size({"width": 375, "height": 700})
    found = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {fault}" for fault in await page.evaluate(_FAULTS, _MIN_CONTRAST)]
    return found
