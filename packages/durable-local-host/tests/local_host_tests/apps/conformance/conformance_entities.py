import azure.durable_functions as df

bp = df.Blueprint()


@bp.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext):
    value = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            value += context.get_input()
            context.set_state(value)
        case "fail_after_change":
            context.set_state(value + 1000)
            raise ValueError("no such luck")
    context.set_result(value)
    if context.operation_name == "forget":
        # Last, since setting a result says that the entity exists.
        context.destruct_on_exit()
