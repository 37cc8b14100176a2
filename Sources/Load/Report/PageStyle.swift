/// How the page of a report looks. The colours of series are Okabe and Ito's, which nearly everybody can tell apart.
enum PageStyle {
    static let sheet = """

        :root { --page: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --soft: #59636e; --line: #d8dee4; --grid: #e8ebef;
          --blue: #0072b2; --orange: #c77700; --green: #008060; --purple: #b0508a; --red: #c43c00; --grey: #7a828b;
          --warn: #fff4d6; --warn-line: #d9a400; --good: #1a7f4b; }
        @media (prefers-color-scheme: dark) { :root { --page: #0e1116; --card: #161b22; --ink: #e6eaef; --soft: #9aa5b1;
          --line: #30363d; --grid: #232a32; --blue: #56b4e9; --orange: #e69f00; --green: #2fbf95; --purple: #dd93bd;
          --red: #ff7b45; --grey: #8b949e; --warn: #2f2608; --warn-line: #c69a1a; --good: #4cc38a; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
        main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 56px; }
        h1 { font-size: 26px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 19px; margin: 36px 0 12px; }
        h3 { font-size: 15px; margin: 0 0 8px; }
        .kind { margin: 0; color: var(--soft); font-weight: 600; letter-spacing: .04em; }
        .note, figcaption { color: var(--soft); font-size: 13px; margin: 6px 0 0; }
        .command { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px;
          margin: 14px 0 0; font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere; }
        code { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
        .banner { background: var(--warn); border: 1px solid var(--warn-line); border-left-width: 6px;
          border-radius: 8px; padding: 12px 16px; margin: 20px 0 0; }
        .banner h2 { font-size: 16px; margin: 0; }
        .banner ul { margin: 6px 0 0; padding-left: 20px; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 165px), 1fr)); gap: 14px;
          margin: 20px 0; }
        .tile, figure, section.table { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
          padding: 14px 16px; margin: 0; min-width: 0; }
        .tile dt { color: var(--soft); font-size: 13px; font-weight: 600; }
        .tile dd { margin: 0; font-size: 28px; font-weight: 650; line-height: 1.25;
          font-variant-numeric: tabular-nums; }
        .tile dd.note { font-size: 13px; font-weight: 400; }
        .tile.bad dd:first-of-type, strong.bad { color: var(--red); }
        strong.good { color: var(--good); }
        .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px; }
        .grid.facts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); align-items: start; }
        .grid + section.table, section.table + section.table, .tiles + section.table { margin-top: 16px; }
        .grid.facts > section.table { margin-top: 0; }
        main > section.table { margin-bottom: 16px; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
        th { color: var(--soft); font-weight: 600; }
        th:last-child, td:last-child { padding-right: 0; }
        tbody tr:last-child > * { border-bottom: 0; }
        .n { text-align: right; }
        th, td { white-space: nowrap; }
        .w { white-space: normal; overflow-wrap: anywhere; min-width: 13em; }
        .f { width: 100%; }
        section.facts th { width: 1%; white-space: nowrap; font-weight: 400; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 4px; padding: 0;
          font-size: 13px; color: var(--soft); }
        .legend svg { width: 26px; height: 10px; margin-right: 6px; }
        .mark { color: var(--ink); border: 1px solid var(--soft); border-radius: 4px; padding: 0 5px; margin-right: 6px;
          font-size: 12px; }
        .plot { display: block; overflow: visible; width: 100%; height: auto; }
        .plot text { font-size: 12px; fill: var(--soft); }
        .plot text.y { text-anchor: end; }
        .plot text.x { text-anchor: middle; }
        .plot text.event { fill: var(--ink); font-weight: 700; }
        path { fill: none; }
        .grid path.grid, path.grid { display: inline; stroke: var(--grid); }
        path.axis { stroke: var(--soft); }
        path.event { stroke: var(--ink); stroke-dasharray: 3 3; opacity: .7; }
        .line { stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; }
        .dot { stroke-width: 7; stroke-linecap: round; }
        .area { fill: currentColor; opacity: .16; }
        .strip { fill: transparent; }
        .strip:hover { fill: var(--soft); opacity: .18; }
        .full, .p90 { color: var(--blue); }
        .ticket, .resumed, .p50 { color: var(--green); }
        .id, .p99 { color: var(--orange); }
        .psk { color: var(--purple); }
        .failed { color: var(--red); }
        .done { color: var(--ink); }
        .late, .longest { color: var(--grey); }
        .busy { color: var(--purple); }
        .line.id, .line.p99 { stroke-dasharray: 7 3; }
        .line.psk, .line.p90 { stroke-dasharray: 2 3; }
        .line.longest { stroke-width: 1.2; }
        @media (max-width: 560px) { main { padding: 18px 10px 40px; } .plot text { font-size: 15px; }
          .tile, figure, section.table { padding: 12px; } h1 { font-size: 21px; }
          .tiles { grid-template-columns: 1fr 1fr; } .tile dd { font-size: 22px; } }
        @media print { body { background: #ffffff; } figure, section.table, .tile { break-inside: avoid; } }

        """
}
