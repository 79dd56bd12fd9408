// Pages without behaviour of their own.
import { startPage } from "../lib/page.js";

startPage();
