/** Starts the page: theme first, so that nothing flashes, then the connection. */

import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { Page, PageContext } from "./app/page";
import { applyTheme, initialTheme } from "./app/theme";
import { socketUrl } from "./net/socket";
import "./style/tokens.css";
import "./style/layout.css";
import "./style/widgets.css";
import "./style/details.css";
import "./style/stories.css";
import "./style/status.css";
import "./style/tape.css";

applyTheme(initialTheme());

const hasReducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
const page = new Page(socketUrl(location), hasReducedMotion);
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

createRoot(root).render(
  <PageContext value={page}>
    <App />
  </PageContext>,
);
page.start();
