// Tabs by the WAI-ARIA pattern; the open one stands in the address, so that a link or Back finds it.

export function mountTabs(root) {
  const list = root.querySelector('[role="tablist"]');
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  function show(tab) {
    for (const one of tabs) {
      const isShown = one === tab;
      one.setAttribute("aria-selected", String(isShown));
      one.tabIndex = isShown ? 0 : -1;
      panelOf(one).hidden = !isShown;
    }
  }

  function open(name) {
    const tab = tabs.find((one) => one.getAttribute("aria-controls") === name);
    if (!tab) return false;
    show(tab);
    if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
    return true;
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) open(tab.getAttribute("aria-controls"));
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const forwards = document.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const backwards = document.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
    const to = {
      [forwards]: (at + 1) % tabs.length,
      [backwards]: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    tabs[to].focus();
    open(tabs[to].getAttribute("aria-controls"));
  });

  for (const tab of tabs) panelOf(tab).setAttribute("role", "tabpanel");
  list.hidden = false;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open-tab]");
    if (!link || !open(link.dataset.openTab)) return;
    const target = document.getElementById(link.hash.slice(1));
    if (target && target.id !== link.dataset.openTab) return;
    event.preventDefault();
    target?.scrollIntoView({ block: "nearest" });
  });
  const wanted = location.hash.slice(1);
  const inside = wanted && document.getElementById(wanted)?.closest("[data-tab-panel]");
  if (!inside || !open(inside.id)) show(tabs[0]);
  return { open };
}
