// ARIA tabs: arrows move between them, each shows its panel.

/** root is the element around a role=tablist and its panels. select(name) and onSelect(name) use data-tab. */
export function createTabs(root, onSelect = () => {}) {
  const tabs = [...root.querySelectorAll('[role="tab"]')];

  function select(name) {
    for (const tab of tabs) {
      const isChosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
    onSelect(name);
  }

  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => select(tab.dataset.tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = tabs[(at + step + tabs.length) % tabs.length];
      select(next.dataset.tab);
      next.focus();
    });
  });

  return { select };
}
