// Plays recorded rollouts on canvases: a program of this page alone, with its data in the section that it plays.
function playRollouts(section) {
  'use strict';
  const scene = JSON.parse(section.querySelector('script[type="application/json"]').textContent);
  const policies = scene.policies;
  const columns = 2 * scene.points;
  const side = scene.plane === 'side';
  const asked = new URLSearchParams(location.hash.slice(1));
  const kinds = ['first', 'best', 'median', 'worst'].filter(kind => policies.some(policy => policy.episodes.some(episode => episode.kept.includes(kind))));
  const state = {
    kind: kinds.includes(asked.get('episode')) ? asked.get('episode') : kinds[0],
    shown: new Set(asked.has('policies') ? asked.get('policies').split(',') : policies.map(policy => policy.name)),
    close: asked.get('close') === '1',
    time: Math.max(0, Number(asked.get('t')) || 0),
    speed: 1,
    playing: false,
  };

  // ---- the data

  // An episode's columns of numbers: x and y (from the side: z) of each point, return so far, and Q where it is known.
  function unpack(episode) {
    episode.track = (async () => {
      const packed = Uint8Array.from(atob(episode.track), letter => letter.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
      const frames = episode.frames, count = columns + 1 + (episode.q ? 1 : 0), plane = count * frames;
      const units = [...new Array(columns).fill([0, scene.unit]), episode.returns, ...(episode.q ? [episode.q] : [])];
      episode.columns = units.map(([least, unit], c) => {
        const values = new Float32Array(frames);
        let value = 0, change = 0;
        for (let f = 0; f < frames; f++) {
          const at = count + c * frames + f;
          const word = bytes[at] | bytes[at + plane] << 8 | bytes[at + 2 * plane] << 16 | bytes[at + 3 * plane] << 24;
          const step = (word >>> 1) ^ -(word & 1);
          change = bytes[c] === 2 ? change + step | 0 : step;
          value = value + change | 0;
          values[f] = least + unit * value;
        }
        return values;
      });
    })();
    return episode.track;
  }

  const lastStep = episode => episode.length * scene.seconds;
  const stepOf = (episode, frame) => Math.min(frame * scene.stride, episode.length);

  // Where a moment lies between two frames.
  function moment(episode, time) {
    const step = Math.min(time / scene.seconds, episode.length);
    const frame = Math.max(0, Math.min(Math.floor(step / scene.stride), episode.frames - 2));
    const from = stepOf(episode, frame), to = stepOf(episode, frame + 1);
    return { frame, part: to > from ? Math.min(1, (step - from) / (to - from)) : 0 };
  }

  // A smooth curve through the frames (Catmull and Rom), so that limbs which turn fast keep their lengths between two.
  function between(values, { frame, part }) {
    const b = values[frame], c = values[Math.min(frame + 1, values.length - 1)];
    const a = values[Math.max(0, frame - 1)], d = values[Math.min(frame + 2, values.length - 1)];
    return b + part / 2 * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)));
  }

  const straight = (values, { frame, part }) => values[frame] + part * (values[Math.min(frame + 1, values.length - 1)] - values[frame]);

  // ---- the page

  const make = (tag, props = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };
  const play = make('button', { type: 'button', textContent: 'Play' });
  const slider = make('input', { type: 'range', className: 'time', min: 0, value: 0, step: 'any' });
  slider.setAttribute('aria-label', 'Time within the episode');
  const clock = make('span', { className: 'clock' });
  const kindChoice = make('select', {}, ...kinds.map(kind => make('option', { value: kind, textContent: kind, selected: kind === state.kind })));
  const speedChoice = make('select', {}, ...[0.1, 0.25, 0.5, 1, 2, 4, 8].map(speed => make('option', { value: speed, textContent: speed + '×', selected: speed === 1 })));
  const bar = make('div', { className: 'bar' }, play, slider, clock, make('label', {}, 'episode ', kindChoice), make('label', {}, 'speed ', speedChoice));
  if (!side && scene.shapes.length > 1) {
    const close = make('input', { type: 'checkbox', checked: state.close });
    close.addEventListener('change', () => { state.close = close.checked; draw(); });
    bar.append(make('label', {}, close, 'close up'));
  }

  const who = make('fieldset', { className: 'who', hidden: policies.length < 2 }, make('legend', { textContent: 'policies' }));
  const grid = make('div', { className: 'grid', tabIndex: 0 });
  grid.setAttribute('role', 'group');
  grid.setAttribute('aria-label', 'Rollouts side by side. Space plays and pauses, the arrow keys go a frame back and on.');
  const about = make('p', { className: 'about' });
  section.append(bar, who, grid, about);

  const panels = policies.map(policy => {
    const box = make('input', { type: 'checkbox', checked: state.shown.has(policy.name) });
    box.addEventListener('change', () => {
      state.shown[box.checked ? 'add' : 'delete'](policy.name);
      choose();
    });
    who.append(make('label', { title: policy.what }, box, policy.name));
    const picture = make('canvas'), strip = make('canvas');
    picture.setAttribute('role', 'img');
    strip.setAttribute('role', 'img');
    const numbers = make('div', { className: 'numbers' });
    const panel = { policy, picture, strip, numbers, article: make('article', {}, make('h3', { textContent: policy.name, title: policy.what }), picture, numbers, strip) };
    grid.append(panel.article);
    return panel;
  });

  const shownPanels = () => panels.filter(panel => panel.episode);
  const longest = () => Math.max(scene.seconds, ...shownPanels().map(panel => lastStep(panel.episode)));

  // Shows the episodes of the kind that is asked for.
  async function choose() {
    for (const panel of panels) {
      panel.episode = state.shown.has(panel.policy.name) ? panel.policy.episodes.find(episode => episode.kept.includes(state.kind)) : null;
      panel.article.hidden = !panel.episode;
    }
    try {
      await Promise.all(shownPanels().map(panel => panel.episode.columns ?? (typeof panel.episode.track === 'string' ? unpack(panel.episode) : panel.episode.track)));
    } catch {
      about.textContent = 'This browser cannot unpack the rollouts; one of 2023 or later can.';
      return;
    }
    const ready = shownPanels();
    if (ready.length === 0) return;
    about.textContent = `${{ first: 'The first episode', best: 'The best episode of each', median: 'The median episode of each', worst: 'The worst episode of each' }[state.kind]}`
      + `${state.kind === 'first' ? ', from the same first state' : ', by return'}; ${scene.stride === 1 ? 'every step' : `every ${scene.stride} steps`} of ${Number((scene.seconds).toPrecision(3))} s. `
      + 'Shapes are those of the simulation. ' + (ready.some(panel => panel.episode.q) ? 'Beneath: the critic\u2019s Q of what the policy does, on one scale.' : 'Beneath: the return so far; this run has no critic.');
    for (const { policy, episode, picture, strip } of ready) {
      picture.setAttribute('aria-label', `${policy.name}, episode ${episode.episode}: return ${show(episode.return)}, score ${episode.score.toFixed(1)}, ${lastStep(episode).toFixed(1)} s`);
      strip.setAttribute('aria-label', episode.q ? 'Q over time' : 'return over time');
    }
    measure(ready);
    slider.max = longest();
    state.time = Math.min(state.time, longest());
    draw();
  }

  // What is common to all panels: how much of the world is seen, and the strips' scale.
  const view = {};
  function measure(ready) {
    const extent = (axis, margin) => {
      let least = Infinity, most = -Infinity;
      for (const { episode } of ready) {
        for (let point = 0; point < scene.points; point++) {
          for (const value of episode.columns[2 * point + axis]) {
            least = Math.min(least, value);
            most = Math.max(most, value);
          }
        }
      }
      return [least - margin, most + margin];
    };
    if (side) {
      // As high as it stands at first and a fifth more, or as high as it gets, if that is not absurd.
      const radius = Math.max(...scene.shapes.map(shape => shape[2]));
      const stands = Math.max(0, ...ready.flatMap(({ episode }) => Array.from({ length: scene.points }, (_, point) => episode.columns[2 * point + 1][0] + radius)));
      view.height = Math.min(Math.max(1.2 * stands, extent(1, 2 * radius)[1]), 2.2 * stands);
      view.aspect = 0.62;
    } else {
      const [x, y] = scene.walls.length
        // Of the walls around it all a quarter is enough.
        ? [0, 1].map(axis => [Math.min(...scene.walls.map(wall => wall[axis] + wall[axis + 2] / 2)), Math.max(...scene.walls.map(wall => wall[axis] - wall[axis + 2] / 2))])
        : [extent(0, 1), extent(1, 1)];
      Object.assign(view, { x, y, aspect: (y[1] - y[0]) / (x[1] - x[0]) });
    }
    const rated = ready.some(({ episode }) => episode.q);
    view.curve = rated ? columns + 1 : columns;
    view.least = Infinity;
    view.most = -Infinity;
    for (const { episode } of ready) {
      for (const value of episode.columns[view.curve] ?? []) {
        view.least = Math.min(view.least, value);
        view.most = Math.max(view.most, value);
      }
    }
    if (!(view.most > view.least)) [view.least, view.most] = [view.least - 1, view.most + 1];
  }

  const show = value => Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
  const minus = text => text.replaceAll('-', '\u2212');

  // ---- drawing

  let colours = {};
  function readColours() {
    const style = getComputedStyle(section);
    for (const name of ['trunk', 'near', 'far', 'edge', 'sky', 'ground', 'grid', 'wall', 'goal', 'trail', 'ink', 'faint', 'line', 'q']) colours[name] = style.getPropertyValue('--' + name).trim();
  }

  function sheet(canvas, height) {
    const width = canvas.clientWidth, dense = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * dense) || canvas.height !== Math.round(height * dense)) {
      canvas.style.height = height + 'px';
      canvas.width = Math.round(width * dense);
      canvas.height = Math.round(height * dense);
    }
    const pen = canvas.getContext('2d');
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.font = '11px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif';
    return [pen, width, height];
  }

  function draw() {
    readColours();
    slider.value = state.time;
    clock.textContent = `${state.time.toFixed(2)} of ${longest().toFixed(1)} s`;
    slider.setAttribute('aria-valuetext', clock.textContent);
    for (const panel of shownPanels()) {
      if (!panel.episode.columns || !view.aspect) continue;
      drawPicture(panel);
      drawStrip(panel);
      writeNumbers(panel);
    }
  }

  function drawPicture({ picture, episode }) {
    const [pen, width, height] = sheet(picture, Math.round(picture.clientWidth * view.aspect));
    const now = moment(episode, state.time);
    const at = point => [between(episode.columns[2 * point], now), between(episode.columns[2 * point + 1], now)];
    const points = Array.from({ length: scene.points }, (_, point) => at(point));
    const trunk = scene.shapes[0], focus = [0, 1].map(axis => (points[trunk[0]][axis] + points[trunk[1]][axis]) / 2);
    let scale, toX, toY;
    if (side) {
      const foot = Math.max(14, 0.1 * height);
      scale = (height - foot) / view.height;
      toX = x => width / 2 + (x - focus[0]) * scale;
      toY = z => height - foot - z * scale;
      drawGround(pen, width, height, focus[0], scale, toX, toY);
    } else {
      const reach = 4, [left, right, low, high] = state.close && scene.shapes.length > 1
        ? [focus[0] - reach, focus[0] + reach, focus[1] - reach * view.aspect, focus[1] + reach * view.aspect]
        : [...view.x, ...view.y];
      scale = width / (right - left);
      toX = x => (x - left) * scale;
      toY = y => height - (y - low) * scale;
      drawMaze(pen, width, height, episode, now, scale, toX, toY);
    }
    const limbs = Math.max(...scene.shapes.map(shape => shape[3]));
    const tone = limb => limb === 0 ? colours.trunk : limb <= Math.ceil(limbs / 2) ? colours.near : colours.far;
    // From the side the first limb is the nearest and the trunk before the others; from above the trunk lies on all.
    const depth = limb => side && limb === 1 ? -1 : limb;
    for (const [from, to, radius, limb] of [...scene.shapes].sort((a, b) => depth(b[3]) - depth(a[3]))) {
      const line = pass => {
        pen.lineWidth = Math.max(side ? 1 : 2, 2 * radius * scale) + pass;
        pen.beginPath();
        pen.moveTo(toX(points[from][0]), toY(points[from][1]));
        pen.lineTo(toX(points[to][0]) + (from === to ? 0.01 : 0), toY(points[to][1]));
        pen.stroke();
      };
      pen.lineCap = 'round';
      pen.strokeStyle = colours.edge;
      line(side ? 2 : 1);
      pen.strokeStyle = tone(limb);
      line(0);
    }
    if (state.time >= lastStep(episode)) {
      const end = scene.goalRadius ? (episode.terminated ? 'reached the goal' : 'out of time') : episode.terminated ? 'fallen' : 'end of the episode';
      const text = `${end}, ${lastStep(episode).toFixed(1)} s`;
      pen.textAlign = 'left';
      pen.textBaseline = 'top';
      pen.fillStyle = colours.sky;
      pen.globalAlpha = 0.85;
      pen.fillRect(4, 4, pen.measureText(text).width + 10, 18);
      pen.globalAlpha = 1;
      pen.fillStyle = episode.terminated === !!scene.goalRadius ? colours.goal : colours.ink;
      pen.fillText(text, 9, 8);
    }
  }

  // The ground, and a line each metre, with its number every second, so that one sees how fast it goes.
  function drawGround(pen, width, height, middle, scale, toX, toY) {
    pen.fillStyle = colours.sky;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = colours.ground;
    pen.fillRect(0, toY(0), width, height - toY(0));
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    const reach = width / 2 / scale + 1;
    for (let x = Math.ceil(middle - reach); x <= middle + reach; x++) {
      pen.fillStyle = colours.grid;
      pen.fillRect(Math.round(toX(x)), 0, 1, toY(0));
      pen.fillStyle = colours.faint;
      if (scale > 24 || x % 2 === 0) pen.fillText(minus(x + ' m'), toX(x), (toY(0) + height) / 2);
    }
    pen.fillStyle = colours.faint;
    pen.fillRect(0, toY(0), width, 1);
  }

  function drawMaze(pen, width, height, episode, now, scale, toX, toY) {
    pen.fillStyle = colours.sky;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = colours.wall;
    for (const [x, y, halfX, halfY] of scene.walls) {
      const left = Math.floor(toX(x - halfX)), top = Math.floor(toY(y + halfY));
      pen.fillRect(left, top, Math.ceil(toX(x + halfX)) - left, Math.ceil(toY(y - halfY)) - top);
    }
    if (episode.goal && scene.goalRadius) {
      pen.beginPath();
      pen.arc(toX(episode.goal[0]), toY(episode.goal[1]), scene.goalRadius * scale, 0, 2 * Math.PI);
      pen.globalAlpha = 0.25;
      pen.fillStyle = colours.goal;
      pen.fill();
      pen.globalAlpha = 1;
      pen.strokeStyle = colours.goal;
      pen.lineWidth = 1.5;
      pen.stroke();
    }
    // The way so far of the trunk.
    const point = scene.shapes[0][0], x = episode.columns[2 * point], y = episode.columns[2 * point + 1];
    pen.beginPath();
    pen.moveTo(toX(x[0]), toY(y[0]));
    for (let frame = 1; frame <= now.frame; frame++) pen.lineTo(toX(x[frame]), toY(y[frame]));
    pen.lineTo(toX(between(x, now)), toY(between(y, now)));
    pen.strokeStyle = colours.trail;
    pen.lineWidth = 1.5;
    pen.lineJoin = 'round';
    pen.globalAlpha = 0.8;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  function drawStrip({ strip, episode }) {
    const [pen, width, height] = sheet(strip, 46);
    const values = episode.columns[view.curve];
    pen.clearRect(0, 0, width, height);
    if (!values) return;
    const all = longest(), gutter = 8 + Math.max(pen.measureText(minus(show(view.most))).width, pen.measureText(minus(show(view.least))).width);
    const toX = time => 1 + time / all * (width - 2 - gutter), toY = value => 4 + (view.most - value) / (view.most - view.least) * (height - 8);
    const trace = () => {
      pen.beginPath();
      values.forEach((value, frame) => pen.lineTo(toX(stepOf(episode, frame) * scene.seconds), toY(value)));
      pen.stroke();
    };
    const cursor = toX(Math.min(state.time, all));
    pen.fillStyle = colours.line;
    pen.fillRect(0, height - 1, width - gutter, 1);
    pen.lineWidth = 1.3;
    pen.lineJoin = 'round';
    pen.strokeStyle = colours.q;
    pen.globalAlpha = 0.3;
    trace();
    pen.globalAlpha = 1;
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, cursor, height);
    pen.clip();
    trace();
    pen.restore();
    pen.fillStyle = colours.ink;
    pen.fillRect(Math.round(cursor), 0, 1, height);
    // Beside the curve: the ends of its scale.
    pen.fillStyle = colours.faint;
    pen.textAlign = 'right';
    pen.textBaseline = 'top';
    pen.fillText(minus(show(view.most)), width, 0);
    pen.textBaseline = 'bottom';
    pen.fillText(minus(show(view.least)), width, height - 2);
  }

  function writeNumbers({ numbers, episode }) {
    const now = moment(episode, state.time), isOver = state.time >= lastStep(episode);
    const total = isOver ? episode.return : straight(episode.columns[columns], now);
    const score = 100 * (total - scene.random) / (scene.expert - scene.random);
    const parts = [['return', minus(show(total))], ['score', minus((isOver ? episode.score : score).toFixed(1))]];
    if (episode.q) parts.push(['Q', minus(show(straight(episode.columns[columns + 1], now)))]);
    numbers.replaceChildren(...parts.map(([name, text]) => make('span', {}, name + ' ', make('b', { textContent: text }))));
  }

  // ---- time

  let last = null;
  function tick(stamp) {
    if (!state.playing) return;
    if (last !== null) state.time += Math.min(stamp - last, 100) / 1000 * state.speed;
    last = stamp;
    if (state.time >= longest()) {
      state.time = longest();
      pause();
    }
    draw();
    if (state.playing) requestAnimationFrame(tick);
  }

  function pause() {
    state.playing = false;
    play.textContent = 'Play';
  }

  function toggle() {
    if (state.playing) {
      pause();
      return;
    }
    if (state.time >= longest()) state.time = 0;
    [state.playing, last, play.textContent] = [true, null, 'Pause'];
    requestAnimationFrame(tick);
  }

  function go(time) {
    pause();
    state.time = Math.max(0, Math.min(longest(), time));
    draw();
  }

  play.addEventListener('click', toggle);
  slider.addEventListener('input', () => go(Number(slider.value)));
  kindChoice.addEventListener('change', () => { state.kind = kindChoice.value; choose(); });
  speedChoice.addEventListener('change', () => { state.speed = Number(speedChoice.value); });
  section.addEventListener('keydown', event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches('select')) return;
    const frame = scene.seconds * scene.stride * (event.shiftKey ? 10 : 1);
    const act = event.key === ' ' && !event.target.matches('button, input[type="checkbox"]') ? toggle
      : event.key === 'ArrowLeft' ? () => go(state.time - frame)
      : event.key === 'ArrowRight' ? () => go(state.time + frame)
      : event.key === 'Home' ? () => go(0)
      : event.key === 'End' ? () => go(longest()) : null;
    if (!act) return;
    event.preventDefault();
    act();
  });
  grid.addEventListener('click', event => { if (event.target.matches('canvas')) grid.focus(); });
  new ResizeObserver(() => draw()).observe(grid);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw());
  choose();
}
document.querySelectorAll('section.rollouts').forEach(playRollouts);
