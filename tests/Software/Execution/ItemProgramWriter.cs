using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;

namespace EDA.Tests.Software;

/// <summary>
/// Rewrites a kernel's IL into a method that can be left at a barrier and entered there again: variables move to the
/// item's frame, methods that meet other items are written out in place, and each place to wait becomes "return its
/// number" with a label behind it, which a switch at the entry jumps to. What is half evaluated there is put away in the
/// frame first.
/// </summary>
internal sealed class ItemProgramWriter
{
    private readonly ItemFrame _frame = new();
    private readonly List<SuspensionSite> _sites = [];
    private readonly List<Label> _resumePoints = [];
    private readonly List<MethodBase> _open = [];
    private readonly Dictionary<Type, LocalBuilder> _temporaries = [];
    private readonly ILGenerator _il;
    private int _sharedSites;

    private ItemProgramWriter(ILGenerator il) => _il = il;

    private sealed record Variables(IReadOnlyList<ItemFrame.Slot> Arguments, IReadOnlyList<ItemFrame.Slot> Locals)
    {
        public ItemFrame.Slot? Find(Instruction instruction)
        {
            if (!instruction.IsVariable(out string verb, out int number))
                return null;
            return (verb.Contains("arg", StringComparison.Ordinal) ? Arguments : Locals)[number];
        }
    }

    /// <summary>Rewrites a kernel.</summary>
    /// <exception cref="NotSupportedException">It does what a kernel cannot do.</exception>
    public static ItemProgram Write(MethodInfo kernel)
    {
        if (!kernel.IsStatic || kernel.ReturnType != typeof(void) || kernel.ContainsGenericParameters)
            throw new NotSupportedException($"a kernel is a static method without a result: {kernel.DeclaringType?.Name}.{kernel.Name}");
        var method = new DynamicMethod(kernel.Name, typeof(int), [typeof(byte).MakePointerType(), typeof(int)], kernel.Module, skipVisibility: true);
        var il = method.GetILGenerator();
        var writer = new ItemProgramWriter(il);
        Label entry = il.DefineLabel(), start = il.DefineLabel(), end = il.DefineLabel();
        il.Emit(OpCodes.Br, entry);
        il.MarkLabel(start);
        var parameters = ParameterTypes(kernel).Select(writer._frame.Add).ToList();
        writer.WriteBody(kernel, parameters, null, end, []);
        il.MarkLabel(end);
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Ret);
        il.MarkLabel(entry);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Switch, [start, .. writer._resumePoints]);
        il.Emit(OpCodes.Ldc_I4_M1);
        il.Emit(OpCodes.Ret);
        return new ItemProgram(method.CreateDelegate<ResumeItem>(), writer._frame.Size, parameters, writer._sites);
    }

    private static IEnumerable<Type> ParameterTypes(MethodBase method)
    {
        var types = method.GetParameters().Select(parameter => parameter.ParameterType);
        return method.IsStatic ? types : types.Prepend(method.DeclaringType!.MakeByRefType());
    }

    // outer: what the callers have half evaluated.
    private void WriteBody(MethodBase method, IReadOnlyList<ItemFrame.Slot> arguments, ItemFrame.Slot? result, Label end, ImmutableList<Type> outer)
    {
        if (_open.Contains(method))
            throw Refuse(method, 0, "recursion");
        var body = method.GetMethodBody()!;
        if (body.ExceptionHandlingClauses.Count > 0)
            throw Refuse(method, 0, "try blocks");
        _open.Add(method);
        var variables = new Variables(arguments, [.. body.LocalVariables.Select(local => _frame.Add(local.LocalType))]);
        var instructions = Instruction.Read(method);
        var labels = instructions.Select(instruction => instruction.Operand).OfType<int[]>().SelectMany(targets => targets).Distinct().ToDictionary(target => target, _ => _il.DefineLabel());
        var stacks = new Dictionary<int, ImmutableList<Type>>();
        var stack = outer;
        foreach (var instruction in instructions)
        {
            if (labels.TryGetValue(instruction.Offset, out var label))
                _il.MarkLabel(label);
            stack = stacks.GetValueOrDefault(instruction.Offset, stack);
            if (instruction.Code == OpCodes.Ret)
            {
                if (result is { } slot)
                    Store(slot);
                _il.Emit(OpCodes.Br, end);
                stack = outer;
                continue;
            }

            stack = EvaluationStack.After(stack, instruction, variables.Find(instruction)?.Type);
            Write(method, instruction, variables, labels, stack);
            foreach (int target in instruction.Operand as int[] ?? [])
                stacks[target] = stack;
            if (instruction.Code.FlowControl is FlowControl.Branch or FlowControl.Throw)
                stack = outer;
        }

        _open.RemoveAt(_open.Count - 1);
    }

    // after: what is half evaluated when the instruction is done.
    private void Write(MethodBase method, Instruction instruction, Variables variables, Dictionary<int, Label> labels, ImmutableList<Type> after)
    {
        if (variables.Find(instruction) is { } slot)
        {
            instruction.IsVariable(out string verb, out _);
            if (verb is "ldarga" or "ldloca")
                Address(slot.Offset);
            else if (verb is "ldarg" or "ldloc")
                Load(slot);
            else
                Store(slot);
            return;
        }

        switch (instruction.Operand)
        {
            case null:
                _il.Emit(instruction.Code);
                break;
            case int[] targets when instruction.Code == OpCodes.Switch:
                _il.Emit(OpCodes.Switch, [.. targets.Select(target => labels[target])]);
                break;
            case int[] targets:
                _il.Emit(instruction.LongJump(), labels[targets[0]]);
                break;
            case MethodBase callee:
                Call(method, instruction, callee, after);
                break;
            case Type type:
                _il.Emit(instruction.Code, type);
                break;
            case FieldInfo field:
                _il.Emit(instruction.Code, field);
                break;
            case sbyte constant:
                _il.Emit(instruction.Code, constant);
                break;
            case int constant:
                _il.Emit(instruction.Code, constant);
                break;
            case long constant:
                _il.Emit(instruction.Code, constant);
                break;
            case float constant:
                _il.Emit(instruction.Code, constant);
                break;
            case double constant:
                _il.Emit(instruction.Code, constant);
                break;
            default:
                throw Refuse(method, instruction.Offset, instruction.Code.Name!);
        }
    }

    private void Call(MethodBase method, Instruction instruction, MethodBase callee, ImmutableList<Type> after)
    {
        if (ItemProgram.AllocatesShared(callee))
        {
            _il.Emit(OpCodes.Ldc_I4, _sharedSites++);
            _il.Emit(OpCodes.Call, typeof(GroupMemory).GetMethod(nameof(GroupMemory.Allocate))!.MakeGenericMethod(callee.GetGenericArguments()));
        }
        else if (ItemProgram.Suspends(callee) is { } kind)
        {
            Suspend(new SuspensionSite(kind, method, instruction.Offset), ((MethodInfo)callee).ReturnType, Below(instruction, after));
        }
        else if (instruction.Code == OpCodes.Call && ItemProgram.MeetsOthers(callee))
        {
            WriteInPlace(callee, Below(instruction, after));
        }
        else if (callee is ConstructorInfo constructor)
        {
            _il.Emit(instruction.Code, constructor);
        }
        else
        {
            _il.Emit(instruction.Code, (MethodInfo)callee);
        }
    }

    private void WriteInPlace(MethodBase callee, ImmutableList<Type> below)
    {
        var arguments = ParameterTypes(callee).Select(_frame.Add).ToList();
        foreach (var argument in Enumerable.Reverse(arguments))
            Store(argument);
        ItemFrame.Slot? result = callee is MethodInfo info && info.ReturnType != typeof(void) ? _frame.Add(info.ReturnType) : null;
        var end = _il.DefineLabel();
        WriteBody(callee, arguments, result, end, below);
        _il.MarkLabel(end);
        if (result is { } slot)
            Load(slot);
    }

    private void Suspend(SuspensionSite site, Type returned, ImmutableList<Type> below)
    {
        if (returned != typeof(void))
        {
            if (ItemFrame.SizeOf(returned) > 8)
                throw Refuse(site.Method, site.Offset, $"a shuffle of {returned}, which is larger than 8 bytes");
            Store(new ItemFrame.Slot(typeof(int), ItemFrame.LaneArgument));
            Store(new ItemFrame.Slot(returned, ItemFrame.GivenValue));
        }

        var putAway = below.Select(_frame.Add).ToList();
        foreach (var value in Enumerable.Reverse(putAway))
            Store(value);
        _sites.Add(site);
        _resumePoints.Add(_il.DefineLabel());
        _il.Emit(OpCodes.Ldc_I4, _sites.Count);
        _il.Emit(OpCodes.Ret);
        _il.MarkLabel(_resumePoints[^1]);
        foreach (var value in putAway)
            Load(value);
        if (returned != typeof(void))
            Load(new ItemFrame.Slot(returned, ItemFrame.ReceivedValue));
    }

    // What is half evaluated below a call's arguments and result.
    private static ImmutableList<Type> Below(Instruction call, ImmutableList<Type> after) => after.GetRange(0, after.Count - call.Pushes());

    private void Address(int offset)
    {
        _il.Emit(OpCodes.Ldarg_0);
        _il.Emit(OpCodes.Ldc_I4, offset);
        _il.Emit(OpCodes.Add);
    }

    private void Load(ItemFrame.Slot slot)
    {
        Address(slot.Offset);
        _il.Emit(OpCodes.Ldobj, slot.Type);
    }

    private void Store(ItemFrame.Slot slot)
    {
        if (!_temporaries.TryGetValue(slot.Type, out var temporary))
            _temporaries.Add(slot.Type, temporary = _il.DeclareLocal(slot.Type));
        if (slot.Type == typeof(nint))
            _il.Emit(OpCodes.Conv_U);
        _il.Emit(OpCodes.Stloc, temporary);
        Address(slot.Offset);
        _il.Emit(OpCodes.Ldloc, temporary);
        _il.Emit(OpCodes.Stobj, slot.Type);
    }

    private static NotSupportedException Refuse(MethodBase method, int offset, string what) =>
        new($"{method.DeclaringType?.Name}.{method.Name}, IL_{offset:x4}: a kernel that runs in software cannot have {what}");
}
