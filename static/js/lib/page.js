// What every page does: theme switch and problem report. Page modules call startPage() first.
import { mountReports } from "./report.js";
import { mountTheme } from "./theme.js";

export function startPage(root = document) {
  mountTheme(root);
  mountReports(root);
}
