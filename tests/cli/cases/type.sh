# A size, members of every kind, an enumerator, and what is not there.
core=$IMAGES/linux-kdump-symbols
for what in task_struct flags pid_t task_struct.comm task_struct.matrix[1] \
    task_struct.tasks.prev flags.middle POLICY_MIN nothing task_struct.nothing \
    'task_struct.comm[' nothing:task_struct 'struct list_head' \
    'struct list_head.next'; do
	printf '%s\n' "- $what"
	"$KPEEK" type "$what" "$core" 2>&1
done
"$KPEEK" type --json flags.middle "$core"
"$KPEEK" type --json list_head "$core"
"$KPEEK" type --json POLICY_MIN "$core"
"$KPEEK" type 2>&1
echo $?
