// Candidate pages without behaviour of their own: times in the reader's zone.
import { mountLocalTimes } from "../lib/localtime.js";
import { startPage } from "../lib/page.js";

startPage();
mountLocalTimes();
