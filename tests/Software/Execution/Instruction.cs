using System.Reflection;
using System.Reflection.Emit;

namespace EDA.Tests.Software;

/// <summary>One instruction of a method's IL.</summary>
/// <param name="Offset">Where it stands.</param>
/// <param name="Code">What it does.</param>
/// <param name="Operand">
/// The member or type that it names, the offsets it jumps to (int[]), the number of a variable (int) or a constant; null for none.
/// </param>
public sealed record Instruction(int Offset, OpCode Code, object? Operand)
{
    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => (int)(ushort)code.Value);

    private static readonly Dictionary<string, OpCode> Names = Codes.Values.GroupBy(code => code.Name!).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);

    /// <summary>Reads a method's instructions.</summary>
    /// <param name="method">The method.</param>
    /// <returns>Its instructions in order; none where it has no IL.</returns>
    public static IReadOnlyList<Instruction> Read(MethodBase method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[]? typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        var instructions = new List<Instruction>();
        for (int at = 0; at < il.Length;)
        {
            int offset = at;
            int value = il[at++];
            if (value == 0xFE)
                value = 0xFE00 | il[at++];
            var code = Codes[value];
            object? operand = null;
            switch (code.OperandType)
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget:
                    at++;
                    operand = new[] { at + (sbyte)il[at - 1] };
                    break;
                case OperandType.InlineBrTarget:
                    at += 4;
                    operand = new[] { at + BitConverter.ToInt32(il, at - 4) };
                    break;
                case OperandType.InlineSwitch:
                    int count = BitConverter.ToInt32(il, at), end = at + 4 + (4 * count), first = at + 4;
                    operand = Enumerable.Range(0, count).Select(i => end + BitConverter.ToInt32(il, first + (4 * i))).ToArray();
                    at = end;
                    break;
                case OperandType.ShortInlineI:
                    operand = (sbyte)il[at++];
                    break;
                case OperandType.ShortInlineVar:
                    operand = (int)il[at++];
                    break;
                case OperandType.InlineVar:
                    operand = (int)BitConverter.ToUInt16(il, at);
                    at += 2;
                    break;
                case OperandType.InlineI:
                    operand = BitConverter.ToInt32(il, at);
                    at += 4;
                    break;
                case OperandType.InlineI8:
                    operand = BitConverter.ToInt64(il, at);
                    at += 8;
                    break;
                case OperandType.ShortInlineR:
                    operand = BitConverter.ToSingle(il, at);
                    at += 4;
                    break;
                case OperandType.InlineR:
                    operand = BitConverter.ToDouble(il, at);
                    at += 8;
                    break;
                case OperandType.InlineString:
                    operand = method.Module.ResolveString(BitConverter.ToInt32(il, at));
                    at += 4;
                    break;
                case OperandType.InlineSig:
                    at += 4;
                    break;
                default:
                    operand = method.Module.ResolveMember(BitConverter.ToInt32(il, at), typeArguments, methodArguments);
                    at += 4;
                    break;
            }

            instructions.Add(Resolve(new Instruction(offset, code, operand), instructions));
        }

        return instructions;
    }

    /// <summary>Whether this names a variable.</summary>
    /// <param name="verb">What is done with it: ldarg, ldarga, starg, ldloc, ldloca or stloc.</param>
    /// <param name="number">Its number.</param>
    /// <returns>True where it does.</returns>
    internal bool IsVariable(out string verb, out int number)
    {
        string[] parts = Code.Name!.Split('.');
        verb = parts[0];
        number = 0;
        if (verb is not ("ldarg" or "ldarga" or "starg" or "ldloc" or "ldloca" or "stloc"))
            return false;
        number = Operand as int? ?? parts[1][0] - '0';
        return true;
    }

    /// <summary>The form of a jump that reaches any distance.</summary>
    /// <returns>The code.</returns>
    internal OpCode LongJump() => Code.Name!.EndsWith(".s", StringComparison.Ordinal) ? Names[Code.Name[..^2]] : Code;

    /// <summary>How many values this takes from the evaluation stack.</summary>
    /// <returns>The number.</returns>
    internal int Pops()
    {
        if (Operand is MethodBase callee)
            return callee.GetParameters().Length + (callee.IsStatic || Code == OpCodes.Newobj ? 0 : 1);
        return Count(Code.StackBehaviourPop);
    }

    /// <summary>How many values this leaves on the evaluation stack.</summary>
    /// <returns>The number.</returns>
    internal int Pushes()
    {
        if (Operand is MethodBase callee)
            return callee is MethodInfo info && info.ReturnType == typeof(void) ? 0 : 1;
        return Count(Code.StackBehaviourPush);
    }

    // A call of an interface's method on a struct, "constrained. T; callvirt I.M", is a plain call of T's own method: so
    // ILGPU takes it, and so do the methods here. It stands where its prefix stood.
    private static Instruction Resolve(Instruction instruction, List<Instruction> before)
    {
        if (instruction.Code != OpCodes.Callvirt || before is not [.., { Operand: Type { IsValueType: true } type } prefix] || prefix.Code != OpCodes.Constrained)
            return instruction;
        var called = (MethodInfo)instruction.Operand!;
        if (called.DeclaringType is not { IsInterface: true } contract)
            return instruction;
        var map = type.GetInterfaceMap(contract);
        before.RemoveAt(before.Count - 1);
        return new Instruction(prefix.Offset, OpCodes.Call, map.TargetMethods[Array.IndexOf(map.InterfaceMethods, called)]);
    }

    private static int Count(StackBehaviour behaviour) => behaviour switch
    {
        StackBehaviour.Pop0 or StackBehaviour.Push0 or StackBehaviour.Varpop or StackBehaviour.Varpush => 0,
        // Pop1_pop1, Popi_popi_popi, Push1_push1 and so on: as many as there are words.
        _ => behaviour.ToString().Split('_').Length,
    };
}
