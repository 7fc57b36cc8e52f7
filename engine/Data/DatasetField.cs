namespace EDA.Engine.Data;

/// <summary>A field as a file has it.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Its dimensions, for instance <c>100000×11</c>.</param>
/// <param name="Type">The type of its elements, for instance <c>float32</c>.</param>
/// <param name="Storage">How it is kept.</param>
public sealed record DatasetField(string Name, string Shape, string Type, string Storage);
