-- One step with a bucket that processes have in common: kit/rate.rs, in Redis and by its clock.
-- KEYS[1] is the bucket. ARGV: the step; how many, or microseconds of pause (-1 for none); the rate's span, count and
-- burst; then what a whole rate has of shares, and in microseconds raise, first, last and longest pause.
local what, n = ARGV[1], tonumber(ARGV[2])
local span, count, most = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local whole, raise = tonumber(ARGV[6]), tonumber(ARGV[7])
local first, last, longest = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local kept = redis.call('HMGET', KEYS[1], 'full_at', 'share', 'changed_at', 'closed_until', 'refusals')
local full_at, share = tonumber(kept[1] or 0), tonumber(kept[2] or whole)
local changed_at, closed_until, refusals = tonumber(kept[3] or 0), tonumber(kept[4] or 0), tonumber(kept[5] or 0)

local function every() return math.ceil(span / (count * share)) end
local function burst() return math.max(1, math.floor(most * share / whole)) end
local function room() return math.floor(math.max(0, now + burst() * every() - math.max(full_at, now)) / every()) end

local granted = 0
if what == 'take' and now >= closed_until then
  granted = math.min(n, room())
  full_at = math.max(full_at, now) + granted * every()
elseif what == 'give_back' then
  full_at = math.max(0, full_at - n * every())
elseif what == 'refused' then
  local is_closed = now < closed_until
  local is_news = changed_at == 0 or now >= math.max(closed_until, changed_at + raise)
  if is_news then
    share = math.max(1, math.floor(share / 2))
    changed_at = now
    refusals = refusals + 1
  end
  local pause = n
  if n < 0 then
    pause = is_closed and 0 or math.min(first * 2 ^ math.max(0, math.min(refusals - 1, 16)), last)
  end
  closed_until = math.max(closed_until, now + math.min(pause, longest))
  full_at = math.max(full_at, closed_until + (burst() - 1) * every())
elseif what == 'works' and now >= closed_until then
  refusals = 0
  if share < whole and now >= changed_at + raise then
    share = share + 1
    changed_at = now
  end
end

local wait = math.max(0, closed_until - now)
if room() == 0 then
  wait = math.max(wait, full_at + every() - now - burst() * every())
end
local function whole_number(number) return string.format('%.0f', number) end
redis.call('HSET', KEYS[1], 'full_at', whole_number(full_at), 'share', share, 'changed_at', whole_number(changed_at),
  'closed_until', whole_number(closed_until), 'refusals', refusals)
-- By then it is full and works at its whole rate.
redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(0, full_at - now, closed_until - now) / 1000) + 600000)
return { granted, wait, share }
