// Whether the assistant can be asked, in one line. No DOM here.
import { gettext } from "./i18n.js";

/** told is what hello says of the assistant: {available, message, notice}; nothing to say is "". */
export function availabilityText({ available = true, message = "", notice = "" } = {}, isOnline) {
  if (!available) return message || gettext("The assistant is not available at the moment.");
  return isOnline ? notice : gettext("Connecting to the assistant…");
}
