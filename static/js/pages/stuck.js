// The list of live interviews that need a look.
import { startPage } from "../lib/page.js";
import { refreshStuck } from "../lib/stucklist.js";

startPage();
refreshStuck(document);
