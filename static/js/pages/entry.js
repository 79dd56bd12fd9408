// Candidate pages without behaviour of their own: times in the reader's zone, a link that opens later.
import { mountCountdown } from "../lib/countdown.js";
import { mountLocalTimes } from "../lib/localtime.js";
import { startPage } from "../lib/page.js";
import { mountZones } from "../lib/zones.js";

// The server's clock decides; a moment of patience spares a page that is not open yet.
const PATIENCE_MS = 700;

startPage();
mountLocalTimes();
mountZones();
mountCountdown(document, () => setTimeout(() => location.reload(), PATIENCE_MS));
