-- Sets a leased group aside, whole and as it rests, or with other bodies.
-- ARGV: gateway, now, row, serial, the head of the entry, '1' if other bodies follow, and these.
-- Answer: 1, or 0 if the lease had ended.
local gateway, now, row, serial = argument(), tonumber(argument()), argument(), argument()
local aside, is_rewritten, body = argument(), argument() == '1', argument()
if not holds(row, gateway, serial, now) then return 0 end
local head = read_head(redis.call('HGET', heads, row))
if not is_rewritten then body = redis.call('HGET', bodies, row) or '' end
quarantine_add(aside, body, '')
if head then note('pending', head, -1, -head.events, -head.bytes) end
remove({ row })
count()
return 1
