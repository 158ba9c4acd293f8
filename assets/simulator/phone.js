// The phone in the browser. It talks to the simulator's own API and to nothing else; message texts become
// text nodes and never markup.
'use strict';
(() => {
  const API = '/simulator/api';
  const PROVIDERS = { twilio: 'Twilio', meta: 'Meta' };
  const CHIPS = ['hi', '1', '2', '3', '4', '5', '6', 'back', 'cancel', 'help', 'menu'];
  const MAX_FILE_BYTES = 5 * 1024 * 1024;
  const UNKNOWN_TYPE = 'application/octet-stream';
  const READ_AFTER_MS = 700;
  const TYPING_MS = 6000;
  const MAX_LISTED = 300;
  const $ = (id) => document.getElementById(id);

  const phones = new Map(); // number → { number, name, unread, last, bubbles: Map(sid → bubble) | null, early, draft, sent: [] }
  let current = null;
  let recall = 0;
  let faults = {};
  let queue = Promise.resolve();
  let readTimer = 0;
  let typingTimer = 0;

  // ── Asking the simulator ──────────────────────────────────────────────────────────────────────────────
  async function ask(path, method = 'GET', body) {
    const options = { method, headers: {} };
    if (method === 'POST' || method === 'PUT') {
      options.headers['Content-Type'] = 'application/json';
      options.body = JSON.stringify(body ?? {});
    }
    let response;
    try {
      response = await fetch(API + path, options);
    } catch {
      throw new Error('The simulator does not answer. Is Andon still running?');
    }
    const text = await response.text();
    let answer = null;
    try { answer = text ? JSON.parse(text) : null; } catch { /* told below */ }
    if (!response.ok) throw new Error(answer?.detail || `The simulator answered ${response.status}.`);
    return answer;
  }

  const pathOf = (number) => `/phones/${encodeURIComponent(number)}`;

  // ── Small builders ────────────────────────────────────────────────────────────────────────────────────
  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function drawing(className, label, ...paths) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 17 12');
    svg.setAttribute('class', className);
    svg.setAttribute('aria-hidden', 'true');
    for (const d of paths) {
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      path.setAttribute('d', d);
      svg.append(path);
    }
    const both = document.createDocumentFragment();
    both.append(svg, make('span', 'sr', label));
    return both;
  }

  // WhatsApp's markup: *bold* _italic_ ~strike~ `code` ```code```. A mark counts where it hugs its words.
  const MARKS = /```([\s\S]+?)```|`([^`\n]+)`|(?<![\p{L}\p{N}_*~])([*_~])(?=\S)([^\n]*?\S)\3(?![\p{L}\p{N}*~_])|(https?:\/\/[^\s<>"]+[^\s<>"*_~.,;:!?)\]'])/u;
  const TAGS = { '*': 'strong', '_': 'em', '~': 's' };
  function rich(parent, text, depth = 0) {
    let rest = text;
    while (rest) {
      const found = depth < 6 ? MARKS.exec(rest) : null;
      if (!found) { parent.append(rest); return; }
      if (found.index) parent.append(rest.slice(0, found.index));
      if (found[1] !== undefined || found[2] !== undefined) {
        parent.append(make('code', '', found[1] ?? found[2]));
      } else if (found[3]) {
        const node = document.createElement(TAGS[found[3]]);
        rich(node, found[4], depth + 1);
        parent.append(node);
      } else {
        const link = make('a', '', found[5]);
        link.href = found[5];
        link.target = '_blank';
        link.rel = 'noopener noreferrer';
        parent.append(link);
      }
      rest = rest.slice(found.index + found[0].length);
    }
  }

  const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
  const longDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
  function dayOf(at) {
    const day = new Date(at);
    const today = new Date();
    const yesterday = new Date();
    yesterday.setDate(today.getDate() - 1);
    if (day.toDateString() === today.toDateString()) return 'Today';
    if (day.toDateString() === yesterday.toDateString()) return 'Yesterday';
    return longDay.format(day);
  }

  const nameOf = (phone) => phone.name || phone.number;
  function initials(phone) {
    const words = phone.name.replace(/^(a|the) /i, '').split(/\s+/).filter(Boolean);
    if (!words.length) return phone.number.slice(-2);
    return [...words[0]][0].toUpperCase() + (words[1] ? [...words[1]][0].toUpperCase() : '');
  }
  function shade(phone) {
    let sum = 0;
    for (const digit of phone.number.slice(-2)) sum = sum * 10 + Number(digit);
    return `c${(sum + 5) % 6}`;
  }

  // ── Phones ────────────────────────────────────────────────────────────────────────────────────────────
  function adopt(given) {
    const known = phones.get(given.number);
    if (known) {
      known.name = given.name || known.name;
      return known;
    }
    const phone = { number: given.number, name: given.name || '', last: given.last || null, unread: 0, bubbles: null, early: new Map(), draft: '', sent: [] };
    phones.set(phone.number, phone);
    return phone;
  }

  function lastLine(phone) {
    if (!phone.last) return phone.name ? phone.number : 'No messages yet';
    const text = phone.last.text || (phone.last.media?.length ? '📎 File' : phone.last.place ? '📍 Place' : '');
    return text.replace(/[*_~`]/g, '').replace(/\s+/g, ' ').slice(0, 80);
  }

  function showPhones() {
    const list = $('phones');
    const focused = document.activeElement?.dataset?.number;
    const listed = [...phones.values()].filter((phone, nth) => nth < MAX_LISTED || phone.number === current);
    const buttons = listed.map((phone) => {
      const button = make('button', 'contact');
      button.type = 'button';
      button.dataset.number = phone.number;
      button.setAttribute('aria-current', String(phone.number === current));
      button.title = phone.number;
      const face = make('span', `face ${shade(phone)}`, initials(phone));
      face.setAttribute('aria-hidden', 'true');
      const [name, last] = [make('b', '', nameOf(phone)), make('span', 'last', lastLine(phone))];
      // The column keeps to the left; only the words within a line run their own way.
      for (const line of [name, last]) line.dir = 'auto';
      button.append(face, name, last);
      if (phone.unread) {
        const badge = make('span', 'badge', String(phone.unread));
        badge.setAttribute('aria-label', `${phone.unread} unread`);
        button.append(badge);
      }
      const item = make('li');
      item.append(button);
      return item;
    });
    list.replaceChildren(...buttons);
    if (focused) list.querySelector(`[data-number="${focused}"]`)?.focus();

    const select = $('phone-select');
    select.replaceChildren(...listed.map((phone) => {
      const unread = phone.unread ? ` (${phone.unread})` : '';
      const option = make('option', '', (phone.name ? `${phone.name} · ${phone.number}` : phone.number) + unread);
      option.value = phone.number;
      return option;
    }));
    select.value = current;
  }

  let phonesDue = false;
  function showPhonesSoon() {
    if (phonesDue) return;
    phonesDue = true;
    setTimeout(() => { phonesDue = false; showPhones(); }, 60);
  }

  const STEPS = ['QUEUED', 'SENDING', 'SENT', 'FAILED', 'CANCELLED', 'DELIVERED', 'READ'];
  const further = (one, other) => !other || STEPS.indexOf(one.status) >= STEPS.indexOf(other.status);

  async function choose(number, focus = true) {
    if (!phones.has(number)) return;
    if (current && phones.has(current)) phones.get(current).draft = $('message').value;
    current = number;
    recall = 0;
    hideTyping();
    complain('');
    const phone = phones.get(number);
    phone.unread = 0;
    history.replaceState(null, '', `#${number}`);
    showPhones();
    $('message').value = phone.draft;
    grow();
    if (!phone.bubbles) {
      try {
        const { messages } = await ask(`${pathOf(number)}/messages`);
        phone.bubbles = new Map(messages.map((b) => [b.sid, b]));
        // News that came in while the messages were on their way may be older or newer than they.
        for (const [sid, bubble] of phone.early) {
          if (further(bubble, phone.bubbles.get(sid))) phone.bubbles.set(sid, bubble);
        }
        phone.early.clear();
      } catch (error) {
        complain(error.message);
        return;
      }
      if (current !== number) return;
    }
    showLog();
    if (focus && matchMedia('(hover: hover)').matches) $('message').focus();
    seen();
  }

  // ── Messages ──────────────────────────────────────────────────────────────────────────────────────────
  function showLog() {
    const bubbles = [...phones.get(current).bubbles.values()];
    // Only what comes in from now on is read aloud.
    $('log').setAttribute('aria-live', 'off');
    $('log').replaceChildren();
    for (const bubble of bubbles) append(bubble);
    setTimeout(() => $('log').setAttribute('aria-live', 'polite'), 100);
    $('hello').hidden = bubbles.length > 0;
    $('scroll').scrollTop = $('scroll').scrollHeight;
    $('down').hidden = true;
  }

  function append(bubble) {
    const log = $('log');
    const day = dayOf(bubble.at);
    if (log.dataset.day !== day || !log.children.length) {
      log.dataset.day = day;
      const line = make('div', 'day', day);
      log.append(line);
    }
    const item = make('div', `bubble ${bubble.side}`);
    item.dataset.sid = bubble.sid;
    item.append(make('span', 'sr', bubble.side === 'in' ? `${$('company').textContent}: ` : 'You: '));
    if (bubble.quoted) {
      const quoted = phones.get(current).bubbles.get(bubble.quoted);
      const quote = make('div', 'quote', quoted ? quoted.text.slice(0, 120) : 'An earlier message');
      quote.dir = 'auto';
      item.append(quote);
    }
    const files = make('div', 'files');
    showFiles(files, bubble);
    item.append(files);
    if (bubble.place) {
      const { latitude, longitude, label } = bubble.place;
      item.append(make('div', 'file', `📍 ${label ? `${label}, ` : ''}${latitude}, ${longitude}`));
    }
    if (bubble.text) {
      const text = make('div', 'text');
      // Arabic is written from the right; each message says itself which way it runs.
      text.dir = 'auto';
      rich(text, bubble.text);
      item.append(text);
    }
    if (bubble.choices) item.append(choicesOf(bubble));
    const foot = make('div', 'foot');
    item.append(foot);
    showFoot(foot, bubble);
    log.append(item);
  }

  // Buttons stand under the text, a list opens from its button. Old ones stay there to be tapped, as on every phone.
  function choicesOf(bubble) {
    const { opens, options } = bubble.choices;
    const box = make('div', opens ? 'choices list' : 'choices');
    const tap = (option) => write({
      text: option.title,
      button: { text: option.title, payload: option.id, is_row: Boolean(opens) },
      quoted: bubble.sid,
      provider: bubble.provider,
    });
    const rows = options.map((option) => {
      const row = make('button', 'choice');
      row.type = 'button';
      row.dataset.id = option.id;
      const title = make('span', 'title', option.title);
      title.dir = 'auto';
      row.append(title);
      if (option.description) {
        const under = make('span', 'under', option.description);
        under.dir = 'auto';
        row.append(under);
      }
      row.addEventListener('click', () => { tap(option); if (opens) shut(); });
      return row;
    });
    if (!opens) {
      box.append(...rows);
      return box;
    }
    const opener = make('button', 'choice opens', opens);
    const list = make('div', 'rows');
    opener.type = 'button';
    opener.dir = 'auto';
    list.hidden = true;
    list.append(...rows);
    const show = (isOpen) => {
      list.hidden = !isOpen;
      opener.setAttribute('aria-expanded', String(isOpen));
      if (isOpen) list.scrollIntoView({ block: 'nearest' });
    };
    const shut = () => { show(false); opener.focus(); };
    show(false);
    opener.addEventListener('click', () => show(list.hidden));
    list.addEventListener('keydown', (event) => { if (event.key === 'Escape') shut(); });
    box.append(opener, list);
    return box;
  }

  // A file of the plant's is there a moment after its message, once it was fetched.
  function showFiles(files, bubble) {
    const now = bubble.media.map((file) => file.sid + file.content_type).join();
    if (files.dataset.now === now) return;
    files.dataset.now = now;
    files.replaceChildren(...bubble.media.map((file) => fileOf(bubble, file)));
  }

  function fileOf(bubble, file) {
    // What the plant sends is here once it was fetched; until then only its address is known.
    const isHere = bubble.side === 'out' || file.content_type !== UNKNOWN_TYPE;
    if (isHere && file.content_type.startsWith('image/')) {
      const image = make('img', 'photo');
      image.src = `${API}/media/${encodeURIComponent(file.sid)}`;
      image.alt = 'Photo';
      image.addEventListener('load', () => { if (nearEnd(400)) toEnd(); });
      return image;
    }
    const link = make('a', 'file', isHere ? `📎 ${file.content_type}` : '📎 File');
    const target = isHere ? `${API}/media/${encodeURIComponent(file.sid)}` : file.url;
    if (isHere && file.content_type === 'application/pdf') {
      link.textContent = '📄 PDF';
      link.download = `${(bubble.text || 'file').replace(/[^A-Za-z0-9-]+/g, ' ').trim() || 'file'}.pdf`;
    }
    if (/^(https?:\/\/|\/simulator\/)/.test(target)) link.href = target;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    return link;
  }

  // Ticks stand on both sides: on one's own messages as everywhere, on the plant's as the plant will see them.
  function showFoot(foot, bubble) {
    const meta = make('div', 'meta');
    const time = make('time', '', clock.format(new Date(bubble.at)));
    time.dateTime = bubble.at;
    if (bubble.medium === 'sms') meta.append(make('span', 'tag', 'SMS'));
    meta.append(time);
    const ONE = 'M4 6.5 7.2 9.6 13.5 2.6';
    const TWO = ['M1 6.5 4.2 9.6 10.5 2.6', 'm7.7 9.2.5.4 6.7-7'];
    let failure = '';
    if (bubble.status === 'FAILED') {
      failure = `Not delivered${bubble.error_code ? `, code ${bubble.error_code}` : ''}: ${bubble.error_text || 'no reason given'}`;
    } else if (bubble.note) {
      failure = bubble.note;
    }
    if (failure) {
      const bang = make('span', 'bang', '!');
      bang.title = failure;
      bang.setAttribute('aria-hidden', 'true');
      meta.append(bang);
    } else if (bubble.status === 'READ') {
      meta.append(drawing('ticks read', 'read', ...TWO));
    } else if (bubble.status === 'DELIVERED') {
      meta.append(drawing('ticks', 'delivered', ...TWO));
    } else if (bubble.status === 'SENT') {
      meta.append(drawing('ticks', 'sent', ONE));
    } else {
      meta.append(drawing('ticks', 'waiting', 'M8.5 1.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9', 'M8.5 3.7V6l1.6 1'));
    }
    if (!$('provider').hidden) meta.prepend(make('span', '', `${PROVIDERS[bubble.provider]} · `));
    foot.replaceChildren(meta);
    foot.parentElement.classList.toggle('failed', Boolean(failure));
    if (failure) foot.append(make('p', 'fail', failure));
  }

  const nearEnd = (room = 120) => {
    const box = $('scroll');
    return box.scrollHeight - box.scrollTop - box.clientHeight < room;
  };
  function toEnd() {
    $('scroll').scrollTop = $('scroll').scrollHeight;
    $('down').hidden = true;
  }

  function take(number, bubble) {
    const phone = phones.get(number) ?? adopt({ number });
    (phone.bubbles ?? phone.early).set(bubble.sid, bubble);
    if (!phone.last || phone.last.at <= bubble.at) {
      const fresh = phone.last?.sid !== bubble.sid;
      phone.last = bubble;
      if (fresh && number !== current && bubble.side === 'in') phone.unread += 1;
    }
    showPhonesSoon();
    if (number !== current || !phone.bubbles) return;
    const shown = $('log').querySelector(`[data-sid="${bubble.sid}"]`);
    const end = nearEnd() || (!shown && bubble.side === 'out');
    if (shown) {
      showFoot(shown.querySelector('.foot'), bubble);
      showFiles(shown.querySelector('.files'), bubble);
    } else {
      $('hello').hidden = true;
      append(bubble);
      if (bubble.side === 'in') hideTyping(); else showTyping();
    }
    if (end) toEnd(); else if (!shown) $('down').hidden = false;
    seen();
  }

  // A person who looks at the chat has read it.
  function seen() {
    clearTimeout(readTimer);
    readTimer = setTimeout(() => {
      const phone = phones.get(current);
      if (document.visibilityState !== 'visible' || !phone?.bubbles) return;
      const unread = [...phone.bubbles.values()].some((b) => b.side === 'in' && b.status === 'DELIVERED' && b.medium === 'whatsapp');
      if (unread) ask(`${pathOf(current)}/read`, 'POST').catch(() => {});
    }, READ_AFTER_MS);
  }

  function showTyping() {
    clearTimeout(typingTimer);
    $('typing').hidden = false;
    $('state').textContent = 'typing …';
    typingTimer = setTimeout(hideTyping, TYPING_MS);
  }
  function hideTyping() {
    clearTimeout(typingTimer);
    $('typing').hidden = true;
    if ($('state').textContent === 'typing …') $('state').textContent = 'online';
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────────────
  function complain(text) {
    $('error').textContent = text;
    $('error').hidden = !text;
  }

  // One after the other, so that quick answers keep their order.
  function write(message) {
    const number = current;
    complain('');
    queue = queue.then(async () => {
      try {
        const by = $('provider').hidden ? {} : { provider: $('provider').value };
        const { bubble, webhook } = await ask(`${pathOf(number)}/messages`, 'POST', { ...by, ...message });
        if (bubble) take(number, bubble);
        if (webhook === null || webhook >= 300) hideTyping();
      } catch (error) {
        hideTyping();
        complain(error.message);
        if (message.text && current === number && !$('message').value) { $('message').value = message.text; grow(); }
      }
    });
    return queue;
  }

  function writeText(text) {
    if (!text.trim() || !current) return;
    phones.get(current).sent.push(text);
    recall = 0;
    write({ text });
  }

  function grow() {
    const box = $('message');
    if (CSS.supports('field-sizing', 'content')) return;
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight + 2, 140)}px`;
  }

  $('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = $('message').value.replace(/\s+$/, '');
    $('message').value = '';
    grow();
    writeText(text);
    $('message').focus();
  });
  $('message').addEventListener('input', grow);
  $('message').addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      $('composer').requestSubmit();
      return;
    }
    const sent = phones.get(current)?.sent ?? [];
    const box = event.target;
    const browsing = recall > 0 && box.value === sent[sent.length - recall];
    if (event.key === 'ArrowUp' && (box.value === '' || browsing) && recall < sent.length) {
      event.preventDefault();
      recall += 1;
      box.value = sent[sent.length - recall];
      grow();
    } else if (event.key === 'ArrowDown' && browsing) {
      event.preventDefault();
      recall -= 1;
      box.value = recall ? sent[sent.length - recall] : '';
      grow();
    }
  });
  $('file').addEventListener('change', () => {
    const file = $('file').files[0];
    $('file').value = '';
    if (!file) return;
    if (file.size > MAX_FILE_BYTES) { complain('The file is larger than 5 MB. Choose a smaller one.'); return; }
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      const caption = $('message').value.trim();
      $('message').value = '';
      grow();
      const isPhoto = file.type.startsWith('image/');
      const data = String(reader.result).split(',')[1] ?? '';
      write({ text: isPhoto ? caption : file.name, media: [{ content_type: file.type, data }] });
    });
    reader.addEventListener('error', () => complain('The file cannot be read.'));
    reader.readAsDataURL(file);
  });
  // What people send from a shop floor, without a shop floor.
  const samplePhoto = () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [480, 320];
    const pen = canvas.getContext('2d');
    pen.fillStyle = '#b9c0c7';
    pen.fillRect(0, 0, 480, 320);
    pen.fillStyle = '#5b6770';
    pen.fillRect(90, 110, 300, 120);
    pen.strokeStyle = '#b3261e';
    pen.lineWidth = 5;
    pen.beginPath();
    [[180, 100], [200, 140], [190, 175], [225, 205], [215, 240]].forEach(([x, y]) => pen.lineTo(x, y));
    pen.stroke();
    return canvas.toDataURL('image/jpeg', 0.8).split(',')[1];
  };
  const sampleVoice = () => btoa(`OggS\0\x02${'\0'.repeat(20)}\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0`);
  const samplePdf = () => btoa('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n'
    + '2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\n'
    + 'trailer<</Root 1 0 R>>\n%%EOF');
  const place = (latitude, longitude, label) => () => ({ place: { latitude, longitude, label } });
  const SAMPLES = [
    ['📷 A photo', () => ({ text: $('message').value.trim(), media: [{ content_type: 'image/jpeg', data: samplePhoto() }] })],
    ['🎤 A voice note', () => ({ media: [{ content_type: 'audio/ogg', data: sampleVoice() }] })],
    ['📄 A PDF', () => ({ text: 'drawing.pdf', media: [{ content_type: 'application/pdf', data: samplePdf() }] })],
    ['📍 I am in hall 1', place(50.1101, 8.6821, null)],
    ['📍 I am in hall 3', place(50.1114, 8.6840, null)],
    ['📍 I am far away', place(-33.9249, 18.4241, null)],
  ];
  $('samples').append(...SAMPLES.map(([name, message]) => {
    const choice = make('button', '', name);
    choice.type = 'button';
    choice.addEventListener('click', () => {
      const sent = message();
      if (sent.media && sent.text === $('message').value.trim()) { $('message').value = ''; grow(); }
      $('more').open = false;
      write(sent);
      $('message').focus();
    });
    return choice;
  }));
  document.addEventListener('click', (event) => { if (!$('more').contains(event.target)) $('more').open = false; });
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') $('more').open = false; });
  $('chips').append(...CHIPS.map((text) => {
    const chip = make('button', '', text);
    chip.type = 'button';
    chip.addEventListener('click', () => writeText(text));
    return chip;
  }));
  $('down').addEventListener('click', toEnd);
  let atEnd = true;
  $('scroll').addEventListener('scroll', () => {
    atEnd = nearEnd(40);
    if (atEnd) $('down').hidden = true;
  });
  // A keyboard that opens, or a turned phone, must not hide the last message.
  new ResizeObserver(() => { if (atEnd) toEnd(); }).observe($('scroll'));
  const showMoreChips = () => {
    const row = $('chips');
    row.toggleAttribute('data-more', row.scrollWidth - row.scrollLeft - row.clientWidth > 4);
  };
  $('chips').addEventListener('scroll', showMoreChips);
  new ResizeObserver(showMoreChips).observe($('chips'));
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') seen(); });

  // ── Choosing and adding phones ────────────────────────────────────────────────────────────────────────
  $('phones').addEventListener('click', (event) => {
    const button = event.target.closest('[data-number]');
    if (button) choose(button.dataset.number);
  });
  $('phone-select').addEventListener('change', (event) => choose(event.target.value, false));
  addEventListener('hashchange', () => choose(decodeURIComponent(location.hash.slice(1))));

  function addError(text) {
    $('add-error').textContent = text;
    $('add-error').hidden = !text;
    $('add-number').setAttribute('aria-invalid', String(Boolean(text)));
  }
  for (const button of document.querySelectorAll('[data-add]')) {
    button.addEventListener('click', () => {
      $('add-form').reset();
      addError('');
      $('add').showModal();
    });
  }
  $('add-cancel').addEventListener('click', () => $('add').close());
  $('add-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    // A person writes blanks, dashes and brackets; the number is what is left.
    const number = $('add-number').value.replace(/[\s().\-/]/g, '');
    try {
      const phone = adopt(await ask('/phones', 'POST', { number, name: $('add-name').value }));
      $('add').close();
      choose(phone.number);
    } catch (error) {
      addError(error.message);
      $('add-number').focus();
    }
  });

  // ── Trouble ───────────────────────────────────────────────────────────────────────────────────────────
  const code = () => Number($('code').value) || 63016;
  const TROUBLE = [
    ['Messages from Andon', 'sends', [
      ['Too late: outside the 24 hours (63016)', () => ({ kind: 'fail_later', code: 63016 }), 'taken at first, then come back undelivered with code 63016'],
      ['Has not joined the sandbox (63015)', () => ({ kind: 'fail_later', code: 63015 }), 'taken at first, then come back undelivered with code 63015'],
      ['No WhatsApp on that phone (63024)', () => ({ kind: 'fail_later', code: 63024 }), 'taken at first, then come back undelivered with code 63024'],
      ['Undelivered with another code …', () => ({ kind: 'fail_later', code: code() }), 'taken at first, then come back undelivered with that code', true],
      ['Refused at once with a code …', () => ({ kind: 'refuse', code: code() }), 'refused at once with that code', true],
      ['Wrong credentials (20003)', () => ({ kind: 'refuse', code: 20003 }), 'refused because the token is wrong'],
      ['Too many requests (429)', () => ({ kind: 'respond', status: 429, retry_after_s: 2 }), 'answered with 429: try again after 2 seconds'],
      ['Server error (500)', () => ({ kind: 'respond', status: 500 }), 'answered with a server error and lost'],
      ['Server error, but it went out', () => ({ kind: 'respond', status: 500, taken: true }), 'answered with a server error, although they went out'],
      ['Slow answer (3 seconds)', () => ({ kind: 'delay', ms: 3000 }), 'answered after 3 seconds'],
      ['No answer, and lost', () => ({ kind: 'silent' }), 'never answered, and lost'],
      ['No answer, but it went out', () => ({ kind: 'silent', taken: true }), 'never answered, although they went out'],
    ]],
    ['Messages to Andon', 'webhooks', [
      ['Lost on the way', () => ({ kind: 'drop' }), 'lost on the way; Andon finds them when it next asks the provider'],
      ['Arrive twice', () => ({ kind: 'repeat', times: 1 }), 'told to Andon twice'],
      ['Change places', () => ({ kind: 'reorder' }), 'held back until one more has gone', false, 2],
    ]],
    ['Receipts', 'callbacks', [
      ['Lost', () => ({ kind: 'drop' }), 'never reported as sent, delivered or read'],
      ['Arrive twice', () => ({ kind: 'repeat', times: 1 }), 'reported twice at each step'],
      ['Arrive backwards', () => ({ kind: 'reorder' }), 'reported as read, then delivered, then sent'],
    ]],
    ['E-mails from Andon', 'mails', [
      ['Refused: no such mailbox (550)', () => ({ kind: 'refuse', code: 550 }), 'refused because the mailbox does not exist'],
      ['Refused for now (450)', () => ({ kind: 'refuse', code: 450 }), 'refused for now; Andon tries again'],
      ['Wrong password (535)', () => ({ kind: 'refuse', code: 535 }), 'refused because the password is wrong'],
      ['No answer, and lost', () => ({ kind: 'silent' }), 'never answered, and lost'],
      ['No answer, but it was taken', () => ({ kind: 'silent', taken: true }), 'never answered, although taken'],
    ]],
    ['Always', 'window', [
      ['Keep to the 24-hour window', () => true, 'Andon\u2019s free texts to phones that have not written for 24 hours come back undelivered.'],
    ]],
  ];
  const choices = [];
  for (const [group, place, options] of TROUBLE) {
    const box = document.createElement('optgroup');
    box.label = group;
    for (const [label, fault, words, wantsCode, least] of options) {
      const option = make('option', '', label);
      option.value = String(choices.length);
      choices.push({ place, fault, words, wantsCode: Boolean(wantsCode), least: least ?? 1 });
      box.append(option);
    }
    $('fault').append(box);
  }
  const chosen = () => choices[Number($('fault').value)];

  function showTroubleWords() {
    const { place, words, wantsCode } = chosen();
    const next = Math.max(1, Number($('next').value) || 1);
    $('code-row').hidden = !wantsCode;
    $('next-row').hidden = place === 'window';
    const thing = place === 'mails' ? 'e-mail' : 'message';
    $('next-unit').textContent = next === 1 ? thing : `${thing}s`;
    if (place === 'window') { $('fault-words').textContent = words; return; }
    const whose = place === 'webhooks' ? 'to Andon' : 'from Andon';
    const which = next === 1 ? `The next ${thing} ${whose} will be` : `The next ${next} ${thing}s ${whose} will be`;
    const said = next === 1 ? words.replace('they went', 'it went').replace('finds them', 'finds it') : words;
    $('fault-words').textContent = `${which} ${said}.`;
  }
  $('fault').addEventListener('change', () => {
    $('next').value = String(chosen().least);
    showTroubleWords();
  });
  $('next').addEventListener('input', showTroubleWords);
  $('code').addEventListener('input', showTroubleWords);

  function showFaults(answer) {
    faults = answer.faults;
    const words = answer.words.length ? answer.words : ['Nothing. All is well.'];
    $('armed-list').replaceChildren(...words.map((text) => make('li', answer.words.length ? '' : 'fine', text)));
    $('all-well').hidden = !answer.words.length;
    document.querySelector('#trouble-open .dot').hidden = !answer.words.length;
  }
  function troubleFailed(error) { $('fault-words').textContent = error.message; }
  $('fault-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const { place, fault } = chosen();
    const next = Math.max(1, Number($('next').value) || 1);
    const rule = place === 'window' ? true : { next, fault: fault() };
    try { showFaults(await ask('/faults', 'PUT', { ...faults, [place]: rule })); } catch (error) { troubleFailed(error); }
  });
  $('all-well').addEventListener('click', () => ask('/faults', 'DELETE').then(showFaults, troubleFailed));

  function openTrouble(open) {
    $('trouble').toggleAttribute('data-open', open);
    $('trouble-open').setAttribute('aria-expanded', String(open));
    if (open) { $('trouble-box').open = true; $('fault').focus(); } else $('trouble-open').focus();
  }
  $('trouble-open').addEventListener('click', () => openTrouble(!$('trouble').hasAttribute('data-open')));
  $('trouble-close').addEventListener('click', () => openTrouble(false));
  $('trouble').addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && $('trouble').hasAttribute('data-open')) openTrouble(false);
  });

  // ── E-mails ───────────────────────────────────────────────────────────────────────────────────────────
  const letters = new Map(); // number → letter
  function takeLetter(letter) {
    if (letters.has(letter.number)) return;
    letters.set(letter.number, letter);
    const item = make('details');
    const head = make('summary');
    head.append(make('b', '', letter.subject || '(no subject)'));
    const time = make('time', 'small', `To ${letter.to} · ${clock.format(new Date(letter.at))}`);
    time.dateTime = letter.at;
    head.append(time);
    item.append(head, make('p', 'small', `From ${letter.from}`), make('div', 'text', letter.text));
    $('letters-list').prepend(item);
    $('no-letters').hidden = true;
    for (const count of document.querySelectorAll('[data-letters-count]')) count.textContent = `(${letters.size})`;
  }
  for (const button of document.querySelectorAll('[data-letters]')) {
    button.addEventListener('click', () => $('letters').showModal());
  }
  $('letters-close').addEventListener('click', () => $('letters').close());

  // ── Live ──────────────────────────────────────────────────────────────────────────────────────────────
  function live(on) {
    document.querySelector('.phone').classList.toggle('live', on);
    $('state').textContent = on ? 'online' : 'connecting …';
  }

  // One provider needs no choice. A tap goes by the one whose message it stands under.
  function showProviders(providers) {
    const select = $('provider');
    const chosen = select.value || providers[0];
    select.replaceChildren(...providers.map((provider) => {
      const option = make('option', '', PROVIDERS[provider]);
      option.value = provider;
      return option;
    }));
    select.value = chosen;
    select.hidden = providers.length < 2;
  }

  async function load() {
    const all = await ask('/phones');
    $('company').textContent = all.company;
    $('sender').textContent = all.sender;
    showProviders(all.providers);
    for (const phone of all.phones) {
      const known = adopt(phone);
      known.last = phone.last ?? known.last;
      known.bubbles = null;
    }
    showFaults(await ask('/faults'));
    for (const letter of (await ask('/letters')).letters) takeLetter(letter);
    const wanted = current ?? decodeURIComponent(location.hash.slice(1));
    await choose(phones.has(wanted) ? wanted : all.phones[0].number, !current);
  }

  function listen() {
    const events = new EventSource(`${API}/events`);
    // What happened while the line was down is read again.
    events.addEventListener('open', () => { live(true); load().catch((error) => complain(error.message)); });
    events.addEventListener('error', () => {
      live(false);
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    });
    events.addEventListener('message', (event) => {
      const news = JSON.parse(event.data);
      if (news.type === 'bubble') take(news.phone, news.bubble);
      else if (news.type === 'phone') { adopt(news.phone); showPhones(); }
      else if (news.type === 'letter') takeLetter(news.letter);
      else if (news.type === 'faults') showFaults(news);
      else if (news.type === 'resync') load().catch((error) => complain(error.message));
    });
  }

  if (matchMedia('(max-width: 1080px)').matches) $('trouble-box').open = true;
  showTroubleWords();
  listen();
})();
