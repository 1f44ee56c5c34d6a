--- activity.info
local info = activity.info() -- nil here: nothing runs it as an activity
local from = info and info.heartbeat or 0
print(info, from)
--> nil	0

--- activity.heartbeat
local from = (activity.info() or {}).heartbeat or 0
for row = from + 1, 3 do
    -- ... what takes its time; then, so that another attempt goes on behind it:
    activity.heartbeat(row)
end
print(activity.heartbeat(print))
--> nil	detail 1 of the heartbeat: functions do not cross: $
