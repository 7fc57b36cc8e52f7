using System.Globalization;
using EDA.Engine.Data.Formats;

namespace EDA.Engine.Data;

/// <summary>Which numbers a dataset may hold: finite ones, and actions in [-1, 1].</summary>
internal static class DatasetChecks
{
    private const float LargestAction = 1 + OfflineDataset.ActionTolerance;

    /// <summary>Where in the user's file a number is.</summary>
    /// <param name="field">The field.</param>
    /// <param name="row">The row of the dataset.</param>
    /// <param name="column">The column; −1 where the field has only one.</param>
    /// <returns>Words such as <c>actions, row 17, column 2</c>.</returns>
    public delegate string Locate(string field, int row, int column);

    /// <summary>The place in an array: rows and columns from 0, as numpy counts them.</summary>
    public static string Place(string field, int row, int column) => column < 0
        ? string.Create(CultureInfo.InvariantCulture, $"{field}, row {row}")
        : string.Create(CultureInfo.InvariantCulture, $"{field}, row {row}, column {column}");

    /// <summary>Reports every number that is not allowed.</summary>
    public static void Check(TransitionArrays rows, Locate locate, DatasetProblems problems)
    {
        CheckFinite(FieldNames.Observations, rows.States, rows.StateSize, locate, problems);
        CheckFinite(FieldNames.Actions, rows.Actions, rows.ActionSize, locate, problems);
        for (int i = 0; i < rows.Actions.Length; i++)
        {
            float action = rows.Actions[i];
            if (Math.Abs(action) > LargestAction && float.IsFinite(action))
                problems.Report(FieldNames.Actions, $"{locate(FieldNames.Actions, i / rows.ActionSize, i % rows.ActionSize)} is {Text(action)}; allowed is a number from -1 to 1");
        }

        CheckFinite(FieldNames.Rewards, rows.Rewards, 0, locate, problems);
    }

    /// <summary>A number as a message shows it.</summary>
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A number as a message shows it, in no more digits than float32 has.</summary>
    public static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A width of 0 stands for a field without columns.</summary>
    private static void CheckFinite(string field, float[] values, int width, Locate locate, DatasetProblems problems)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (float.IsFinite(values[i]))
                continue;
            string place = width > 0 ? locate(field, i / width, i % width) : locate(field, i, -1);
            problems.Report(field, $"{place} is {Text(values[i])}; allowed is a number that is finite as float32");
        }
    }
}
