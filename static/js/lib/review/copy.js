// Copies the value of a field; without a clipboard the field is selected instead.

export function mountCopy(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = button.dataset.done;
        setTimeout(() => {
          button.textContent = words;
        }, 2000);
      } catch {
        field.focus();
        field.select();
      }
    });
  }
}
