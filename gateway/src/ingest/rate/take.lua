-- Takes tokens out of the bucket of a site that all gateways share.
--
-- KEYS 1: the bucket: how long it needs to be full again, and when that was noted, both in microseconds of this server's clock
-- ARGV 1: how long the bucket needs for the tokens that are asked for   2: how long it may need and still give them
-- Answer: 1 if they were taken and 0 if not; how long the bucket needs then.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local missing, was_set_back = 0, false
local kept = redis.call('GET', KEYS[1])
if kept then
  local needed, noted = string.match(kept, '^(%d+) (%d+)$')
  if needed then
    -- A clock that was set back fills nothing, and takes nothing either; from now on it fills.
    was_set_back = tonumber(noted) > now
    missing = math.max(0, tonumber(needed) - math.max(0, now - tonumber(noted)))
  end
end

local function keep()
  -- A full bucket need not be kept.
  local until_full = math.ceil(missing / 1000) + 1
  redis.call('SET', KEYS[1], string.format('%.0f %.0f', missing, now), 'PX', string.format('%.0f', until_full))
end

if missing > tonumber(ARGV[2]) then
  if was_set_back then keep() end
  return {0, missing}
end
missing = missing + tonumber(ARGV[1])
keep()
return {1, missing}
