using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;

namespace EDA.Tests.Software;

/// <summary>
/// The types of what is half evaluated at a place in a method's IL, the oldest first: what must be put away where an
/// item waits. The compiler leaves values there even across statements.
/// </summary>
internal static class EvaluationStack
{
    /// <summary>The types after an instruction.</summary>
    /// <param name="before">The types before it.</param>
    /// <param name="instruction">The instruction.</param>
    /// <param name="variable">The type of the variable that it names, where it names one.</param>
    public static ImmutableList<Type> After(ImmutableList<Type> before, Instruction instruction, Type? variable)
    {
        int pops = instruction.Pops();
        var operands = before.GetRange(before.Count - pops, pops);
        var rest = before.RemoveRange(before.Count - pops, pops);
        return instruction.Pushes() switch
        {
            0 => rest,
            2 => rest.Add(operands[0]).Add(operands[0]),
            _ => rest.Add(AsEvaluated(Result(instruction, operands, variable))),
        };
    }

    /// <summary>The type as which a value of a type is evaluated: small integers as int, references as nint.</summary>
    public static Type AsEvaluated(Type type)
    {
        if (type.IsByRef || type.IsPointer)
            return typeof(nint);
        if (type.IsEnum)
            type = Enum.GetUnderlyingType(type);
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean or TypeCode.Char or TypeCode.SByte or TypeCode.Byte or TypeCode.Int16 or TypeCode.UInt16 or TypeCode.UInt32 => typeof(int),
            TypeCode.UInt64 => typeof(long),
            _ => type,
        };
    }

    private static Type Result(Instruction instruction, ImmutableList<Type> operands, Type? variable)
    {
        string name = instruction.Code.Name!;
        if (variable is not null)
            return name.StartsWith("ldarga", StringComparison.Ordinal) || name.StartsWith("ldloca", StringComparison.Ordinal) ? typeof(nint) : variable;
        return (instruction.Operand, name) switch
        {
            (_, "ldflda" or "ldsflda" or "conv.i" or "conv.u" or "conv.ovf.i" or "conv.ovf.u" or "ldind.i") => typeof(nint),
            (ConstructorInfo constructor, _) => constructor.DeclaringType!,
            (MethodInfo method, _) => method.ReturnType,
            (FieldInfo field, _) => field.FieldType,
            (Type type, "ldobj") => type,
            _ => instruction.Code.StackBehaviourPush switch
            {
                StackBehaviour.Pushi => typeof(int),
                StackBehaviour.Pushi8 => typeof(long),
                StackBehaviour.Pushr4 => typeof(float),
                StackBehaviour.Pushr8 => typeof(double),
                StackBehaviour.Push1 when operands.Count > 0 => operands.Contains(typeof(nint)) ? typeof(nint) : operands[0],
                _ => typeof(object),
            },
        };
    }
}
