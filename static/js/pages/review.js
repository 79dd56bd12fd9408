// The review desk: tabs, player, moments, events, code, and news from the steps.
import { startPage } from "../lib/page.js";
import { mountCode } from "../lib/review/code.js";
import { mountEvents } from "../lib/review/events.js";
import { mountMoments } from "../lib/review/moments.js";
import { mountOrigins } from "../lib/review/origins.js";
import { mountPlayer } from "../lib/review/player.js";
import { mountSteps } from "../lib/review/steps.js";
import { mountTabs } from "../lib/review/tabs.js";
import { mountTerminal } from "../lib/review/terminal.js";

startPage();
const tabs = mountTabs(document.querySelector("[data-tabs]"));
const player = mountPlayer(document.querySelector("[data-player]"));
const events = mountEvents(document);
const moments = mountMoments(document, { tabs, player, events });
mountCode(document.querySelector("[data-code]"), { onMoment: moments.show });
mountOrigins(document.querySelector("[data-origins]"));
mountTerminal(document.querySelector("[data-film]"), player);
mountSteps(document);
